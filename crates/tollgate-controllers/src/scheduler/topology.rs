//! Which nodes have the same value of a label: the domains of topology spread and pod affinity.

use super::node::{NodeInfo, Slot};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::value::CompactString;

/// A number for each value of a node label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domains {
    by_slot: Vec<Option<usize>>,
    len: usize,
}

impl Domains {
    fn of(key: &str, nodes: &[NodeInfo]) -> Self {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut by_slot = Vec::with_capacity(nodes.len());
        for node in nodes {
            let value = node.facts.labels.get(key).filter(|_| node.is_present);
            by_slot.push(value.map(|value| {
                let next = numbers.len();
                *numbers.entry(value).or_insert(next)
            }));
        }
        Self {
            by_slot,
            len: numbers.len(),
        }
    }

    /// The domain that a node is in; none if it lacks the label.
    pub fn of_slot(&self, slot: Slot) -> Option<usize> {
        self.by_slot.get(slot).copied().flatten()
    }

    /// How many domains there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no node has the label.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The domains of all labels that were asked for, until a node changes.
#[derive(Debug, Clone, Default)]
pub struct Topology {
    by_key: BTreeMap<CompactString, Arc<Domains>>,
}

impl Topology {
    /// The domains of a label.
    pub fn domains(&mut self, key: &str, nodes: &[NodeInfo]) -> Arc<Domains> {
        if let Some(domains) = self.by_key.get(key) {
            return Arc::clone(domains);
        }
        let domains = Arc::new(Domains::of(key, nodes));
        self.by_key.insert(key.into(), Arc::clone(&domains));
        domains
    }

    /// Forgets all domains: a node came, went or has other labels.
    pub fn forget(&mut self) {
        self.by_key.clear();
    }
}
