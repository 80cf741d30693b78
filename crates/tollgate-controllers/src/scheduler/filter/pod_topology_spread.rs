//! PodTopologySpread: pods of a kind differ in number between domains by no more than a pod allows.

use super::super::cluster::Cluster;
use super::super::node::{NodeInfo, Slot};
use super::super::pod::{PodInfo, SpreadConstraint, WhenUnsatisfiable};
use super::super::reason::{Plugin, Reason, Rejection};
use super::super::selector::Scope;
use super::super::taint;
use super::super::tally::Question;
use super::super::topology::Domains;
use std::sync::Arc;

/// One constraint, counted out.
#[derive(Debug, Clone)]
struct Counted {
    domains: Arc<Domains>,
    by_domain: Vec<u32>,
    /// The count of the emptiest domain.
    least: i64,
    max_skew: i64,
    /// What the pod itself would add.
    own: i64,
}

/// The constraints of a pod that must hold.
#[derive(Debug, Clone, Default)]
pub struct Spread(Vec<Counted>);

/// Which pods a constraint counts.
pub fn question(pod: &PodInfo, constraint: &SpreadConstraint) -> Question {
    Question {
        scopes: vec![Scope::within(
            &pod.namespace,
            constraint.selector_for(&pod.labels),
        )],
        skips_terminating: true,
    }
}

/// Whether the pods on a node are counted for a constraint.
pub fn counts_node(pod: &PodInfo, constraint: &SpreadConstraint, node: &NodeInfo) -> bool {
    let spec = &pod.spec;
    (!constraint.honors_affinity || spec.admits_node(&node.name, &node.facts.labels))
        && (!constraint.honors_taints
            || taint::first_untolerated(&node.facts.taints, &spec.tolerations).is_none())
}

impl Spread {
    /// Counts out the constraints of a pod.
    pub fn read(cluster: &mut Cluster, pod: &PodInfo) -> Self {
        let is_hard = |constraint: &&SpreadConstraint| {
            constraint.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule
        };
        let constraints: Vec<&SpreadConstraint> = pod.spec.spread.iter().filter(is_hard).collect();
        let all_domains: Vec<Arc<Domains>> = constraints
            .iter()
            .map(|constraint| cluster.domains(&constraint.topology_key))
            .collect();
        let counted = constraints
            .iter()
            .zip(&all_domains)
            .map(|(constraint, domains)| {
                let counts = cluster.ask(question(pod, constraint)).to_vec();
                let mut by_domain: Vec<Option<u32>> = vec![None; domains.len()];
                for (slot, node) in cluster.nodes().iter().enumerate() {
                    let is_complete = all_domains
                        .iter()
                        .all(|domains| domains.of_slot(slot).is_some());
                    if !node.is_present || !is_complete || !counts_node(pod, constraint, node) {
                        continue;
                    }
                    let domain = domains
                        .of_slot(slot)
                        .and_then(|domain| by_domain.get_mut(domain));
                    if let Some(sum) = domain {
                        let count = counts.get(slot).copied().unwrap_or(0);
                        *sum = Some(sum.unwrap_or(0).saturating_add(count));
                    }
                }
                let known = i64::try_from(by_domain.iter().flatten().count()).unwrap_or(i64::MAX);
                let least = by_domain.iter().flatten().min().copied();
                let is_spread_enough = known >= constraint.min_domains;
                Counted {
                    domains: Arc::clone(domains),
                    // Without any domain upstream compares with the largest number there is, so that nothing exceeds it.
                    least: match least {
                        _ if !is_spread_enough => 0,
                        Some(least) => i64::from(least),
                        None => i64::from(i32::MAX),
                    },
                    by_domain: by_domain
                        .into_iter()
                        .map(Option::unwrap_or_default)
                        .collect(),
                    max_skew: constraint.max_skew,
                    own: i64::from(constraint.selector_for(&pod.labels).matches(&pod.labels)),
                }
            });
        Self(counted.collect())
    }

    /// Judges a node.
    pub fn filter(&self, slot: Slot) -> Option<Rejection> {
        for constraint in &self.0 {
            let Some(domain) = constraint.domains.of_slot(slot) else {
                return Some(Rejection::unresolvable(
                    Plugin::PodTopologySpread,
                    Reason::Text(
                        "node(s) didn't match pod topology spread constraints (missing required label)",
                    ),
                ));
            };
            let count = constraint.by_domain.get(domain).copied().unwrap_or(0);
            let skew = i64::from(count) + constraint.own - constraint.least;
            if skew > constraint.max_skew {
                return Some(Rejection::unschedulable(
                    Plugin::PodTopologySpread,
                    "node(s) didn't match pod topology spread constraints",
                ));
            }
        }
        None
    }
}
