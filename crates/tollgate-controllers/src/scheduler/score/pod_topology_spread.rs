//! PodTopologySpread: nodes in domains that have few pods of the kind.

use super::super::cluster::Cluster;
use super::super::filter::pod_topology_spread::{counts_node, question};
use super::super::node::Slot;
use super::super::pod::{PodInfo, SpreadConstraint, WhenUnsatisfiable};
use super::super::topology::Domains;
use super::SCORE_MAX;
use std::sync::Arc;

const HOSTNAME: &str = "kubernetes.io/hostname";

/// A constraint, counted out for the nodes that are left.
struct Counted {
    domains: Arc<Domains>,
    is_hostname: bool,
    by_slot: Vec<u32>,
    by_domain: Vec<u64>,
    max_skew: i64,
    weight: f64,
}

impl Counted {
    #[expect(clippy::cast_precision_loss, reason = "upstream scores in floats too")]
    fn score(&self, slot: Slot) -> f64 {
        let Some(domain) = self.domains.of_slot(slot) else {
            return 0.0;
        };
        let count = if self.is_hostname {
            self.by_slot.get(slot).copied().map_or(0, u64::from)
        } else {
            self.by_domain.get(domain).copied().unwrap_or(0)
        };
        count as f64 * self.weight + (self.max_skew - 1) as f64
    }
}

/// Scores nodes.
pub fn score(cluster: &mut Cluster, pod: &PodInfo, slots: &[Slot]) -> Vec<i64> {
    let is_own = !pod.spec.spread.is_empty();
    let constraints: Vec<SpreadConstraint> = if is_own {
        let own = pod.spec.spread.iter();
        let is_soft = |constraint: &&SpreadConstraint| {
            constraint.when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway
        };
        own.filter(is_soft).cloned().collect()
    } else {
        cluster.spread_defaults.constraints(pod)
    };
    if constraints.is_empty() {
        return vec![0; slots.len()];
    }
    let domains: Vec<Arc<Domains>> = constraints
        .iter()
        .map(|constraint| cluster.domains(&constraint.topology_key))
        .collect();
    // A node that lacks a label of the pod's own constraints scores nothing; defaults ask for none.
    let is_complete = |slot: Slot| {
        domains
            .iter()
            .all(|domains| domains.of_slot(slot).is_some())
    };
    let is_scored = |slot: Slot| !is_own || is_complete(slot);
    let scored = slots.iter().filter(|slot| is_scored(**slot)).count();
    let mut counted = Vec::with_capacity(constraints.len());
    for (constraint, domains) in constraints.iter().zip(&domains) {
        counted.push(count(
            cluster, pod, constraint, domains, slots, scored, &is_scored,
        ));
    }
    let raw = slots.iter().map(|slot| {
        is_scored(*slot).then(|| {
            let sum: f64 = counted
                .iter()
                .map(|constraint| constraint.score(*slot))
                .sum();
            #[expect(clippy::cast_possible_truncation, reason = "counts of pods")]
            let rounded = sum.round() as i64;
            rounded
        })
    });
    normalize(&raw.collect::<Vec<_>>())
}

#[expect(clippy::cast_precision_loss, reason = "upstream weighs in floats too")]
fn count(
    cluster: &mut Cluster,
    pod: &PodInfo,
    constraint: &SpreadConstraint,
    domains: &Arc<Domains>,
    slots: &[Slot],
    scored: usize,
    is_scored: &impl Fn(Slot) -> bool,
) -> Counted {
    let is_hostname = constraint.topology_key == HOSTNAME;
    let by_slot = cluster.ask(question(pod, constraint)).to_vec();
    let mut is_wanted = vec![false; domains.len()];
    let mut by_domain = vec![0_u64; domains.len()];
    let mut size = scored;
    if !is_hostname {
        for slot in slots.iter().filter(|slot| is_scored(**slot)) {
            let place = domains
                .of_slot(*slot)
                .and_then(|domain| is_wanted.get_mut(domain));
            if let Some(place) = place {
                *place = true;
            }
        }
        size = is_wanted.iter().filter(|is_wanted| **is_wanted).count();
        for (slot, node) in cluster.nodes().iter().enumerate() {
            let Some(domain) = domains.of_slot(slot) else {
                continue;
            };
            let pods = by_slot.get(slot).copied().unwrap_or(0);
            if pods == 0 || !is_scored(slot) || !counts_node(pod, constraint, node) {
                continue;
            }
            if let Some(sum) = by_domain.get_mut(domain) {
                *sum = sum.saturating_add(u64::from(pods));
            }
        }
    }
    Counted {
        domains: Arc::clone(domains),
        is_hostname,
        by_slot,
        by_domain,
        max_skew: constraint.max_skew,
        weight: ((size + 2) as f64).ln(),
    }
}

/// Few pods are good: the emptiest node gets the best score.
fn normalize(scores: &[Option<i64>]) -> Vec<i64> {
    let lowest = scores.iter().flatten().copied().min().unwrap_or(0);
    let highest = scores.iter().flatten().copied().max().unwrap_or(0);
    let turn = |score: &Option<i64>| match score {
        None => 0,
        Some(score) => SCORE_MAX
            .saturating_mul(highest.saturating_add(lowest).saturating_sub(*score))
            .checked_div(highest)
            .unwrap_or(SCORE_MAX),
    };
    scores.iter().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emptiest_node_is_the_best_and_one_without_labels_gets_nothing() {
        assert_eq!(normalize(&[Some(2), Some(10), None]), [100, 20, 0]);
        assert_eq!(normalize(&[Some(0), Some(0)]), [100, 100]);
    }
}
