//! What a spec means for each node as long as neither changes: remembered, since pods of one template come in numbers.

use super::filter::{node_affinity, node_unschedulable, taint_toleration};
use super::node::{NodeInfo, Slot};
use super::pod::PodSpec;
use super::reason::Rejection;
use super::taint;

/// What a spec means for one node.
#[derive(Debug, Clone, Default)]
pub struct StaticVerdict {
    generation: u64,
    /// Why the node takes no such pod, if it does not.
    pub rejection: Option<Rejection>,
    /// Soft taints that such a pod does not tolerate.
    pub disliked_taints: i64,
    /// The weights of the preferences that the node meets.
    pub preferred: i64,
}

/// What a spec means for all nodes.
#[derive(Debug, Clone, Default)]
pub struct StaticVerdicts(Vec<StaticVerdict>);

impl StaticVerdicts {
    /// On how many nodes there are verdicts.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The verdict on a node.
    pub fn on(&self, slot: Slot) -> Option<&StaticVerdict> {
        self.0.get(slot)
    }

    /// Judges the nodes again that have changed.
    pub fn refresh(&mut self, spec: &PodSpec, nodes: &[NodeInfo]) {
        self.0.resize_with(nodes.len(), StaticVerdict::default);
        for (verdict, node) in self.0.iter_mut().zip(nodes) {
            if verdict.generation != node.generation {
                *verdict = judge(spec, node);
            }
        }
    }
}

fn judge(spec: &PodSpec, node: &NodeInfo) -> StaticVerdict {
    let rejection = node_unschedulable::filter(spec, node)
        .or_else(|| taint_toleration::filter(spec, node))
        .or_else(|| node_affinity::filter(spec, node));
    let preferred = spec
        .preferred_nodes
        .iter()
        .filter(|(_, term)| term.matches(&node.name, &node.facts.labels))
        .fold(0_i64, |sum, (weight, _)| sum.saturating_add(*weight));
    StaticVerdict {
        generation: node.generation,
        rejection,
        disliked_taints: taint::count_disliked(&node.facts.taints, &spec.tolerations),
        preferred,
    }
}
