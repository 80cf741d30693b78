//! NodeResourcesFit with its strategy LeastAllocated: nodes with much left of CPU and memory.

use super::super::cluster::Cluster;
use super::super::node::Slot;
use super::super::pod::PodInfo;
use super::SCORE_MAX;

/// Scores nodes.
pub fn score(cluster: &Cluster, pod: &PodInfo, slots: &[Slot]) -> Vec<i64> {
    let wanted = &pod.spec.requests;
    let score = |slot: &Slot| {
        let Some(node) = cluster.node(*slot) else {
            return 0;
        };
        let all = &node.facts.allocatable;
        let left = [
            share_left(
                node.scored_milli_cpu
                    .saturating_add(wanted.scored_milli_cpu),
                all.milli_cpu,
            ),
            share_left(
                node.scored_memory.saturating_add(wanted.scored_memory),
                all.memory,
            ),
        ];
        let known: Vec<i64> = left.into_iter().flatten().collect();
        let count = i64::try_from(known.len()).unwrap_or(0);
        known.iter().sum::<i64>().checked_div(count).unwrap_or(0)
    };
    slots.iter().map(score).collect()
}

/// Which part is left, of [`SCORE_MAX`]; none if there is nothing at all.
fn share_left(used: i64, all: i64) -> Option<i64> {
    let left = all.saturating_sub(used).max(0);
    left.saturating_mul(SCORE_MAX).checked_div(all)
}
