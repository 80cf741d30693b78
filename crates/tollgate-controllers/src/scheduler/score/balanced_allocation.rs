//! NodeResourcesBalancedAllocation: nodes of which CPU and memory are used in equal parts.

use super::super::cluster::Cluster;
use super::super::node::Slot;
use super::super::pod::PodInfo;
use super::SCORE_MAX;

/// Scores nodes. A pod that requests neither changes no balance, and every node scores nothing.
pub fn score(cluster: &Cluster, pod: &PodInfo, slots: &[Slot]) -> Vec<i64> {
    let wanted = &pod.spec.requests.requests;
    if wanted.milli_cpu == 0 && wanted.memory == 0 {
        return vec![0; slots.len()];
    }
    let score = |slot: &Slot| {
        let Some(node) = cluster.node(*slot) else {
            return 0;
        };
        let (used, all) = (&node.used, &node.facts.allocatable);
        let cpu = share(
            used.milli_cpu.saturating_add(wanted.milli_cpu),
            all.milli_cpu,
        );
        let memory = share(used.memory.saturating_add(wanted.memory), all.memory);
        let deviation = match (cpu, memory) {
            (Some(cpu), Some(memory)) => (cpu - memory).abs() / 2.0,
            _ => 0.0,
        };
        percent(1.0 - deviation)
    };
    slots.iter().map(score).collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share for a score, not a decision"
)]
fn share(used: i64, all: i64) -> Option<f64> {
    (all > 0).then(|| (used as f64 / all as f64).min(1.0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "between 0 and 100"
)]
fn percent(share: f64) -> i64 {
    (share * SCORE_MAX as f64) as i64
}
