//! The terms of pod affinity that pods on nodes have, since they concern those that come after.
//!
//! Pods of one template have the same terms, so a term is kept once, with the nodes on which such pods are.

use super::label_index::LabelIndex;
use super::node::Slot;
use super::pod::PodInfo;
use super::selector::{Labels, Scope};
use std::collections::BTreeMap;
use tollgate_api::value::CompactString;

/// What a required term of affinity counts when nodes are scored for the pods that it means.
const REQUIRED_AFFINITY_WEIGHT: i64 = 1;

/// What a term of a pod means for another that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TermEffect {
    /// It must not come.
    Forbids,
    /// It is liked, or, with a negative weight, disliked.
    Weighs(i64),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct TermKey {
    effect: TermEffect,
    topology_key: CompactString,
    scope: Scope,
}

/// A term, and how many pods have it on each node.
#[derive(Debug, Clone)]
pub struct IndexedTerm {
    key: TermKey,
    /// Pods by node.
    pub by_slot: BTreeMap<Slot, u32>,
}

impl IndexedTerm {
    /// What it means for a pod that it matches.
    pub fn effect(&self) -> TermEffect {
        self.key.effect
    }

    /// The node label that says what "beside" is.
    pub fn topology_key(&self) -> &CompactString {
        &self.key.topology_key
    }
}

/// All terms of pods on nodes.
#[derive(Debug, Clone, Default)]
pub struct TermIndex {
    terms: Vec<Option<IndexedTerm>>,
    free: Vec<usize>,
    numbers: BTreeMap<TermKey, usize>,
    index: LabelIndex,
}

fn keys_of(pod: &PodInfo) -> Vec<TermKey> {
    let spec = &pod.spec;
    let required = [
        (&spec.anti_affinity, TermEffect::Forbids),
        (&spec.affinity, TermEffect::Weighs(REQUIRED_AFFINITY_WEIGHT)),
    ];
    let required = required
        .into_iter()
        .flat_map(|(terms, effect)| terms.iter().map(move |term| (term, effect)));
    let preferred = spec.preferred_pods.iter();
    let preferred = preferred.map(|weighted| (&weighted.term, TermEffect::Weighs(weighted.weight)));
    required
        .chain(preferred)
        .map(|(term, effect)| TermKey {
            effect,
            topology_key: term.topology_key.clone(),
            scope: term.scope(&pod.namespace),
        })
        .collect()
}

impl TermIndex {
    /// Counts the terms of a pod that comes to a node.
    pub fn attach(&mut self, pod: &PodInfo, slot: Slot) {
        for key in keys_of(pod) {
            let number = self.number_of(key);
            if let Some(Some(term)) = self.terms.get_mut(number) {
                let count = term.by_slot.entry(slot).or_insert(0);
                *count = count.saturating_add(1);
            }
        }
    }

    fn number_of(&mut self, key: TermKey) -> usize {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.terms.push(None);
            self.terms.len().saturating_sub(1)
        });
        self.index.insert(&key.scope, number);
        self.numbers.insert(key.clone(), number);
        if let Some(place) = self.terms.get_mut(number) {
            *place = Some(IndexedTerm {
                key,
                by_slot: BTreeMap::new(),
            });
        }
        number
    }

    /// Counts the terms of a pod that leaves a node.
    pub fn detach(&mut self, pod: &PodInfo, slot: Slot) {
        for key in keys_of(pod) {
            let Some(number) = self.numbers.get(&key).copied() else {
                continue;
            };
            let Some(place) = self.terms.get_mut(number) else {
                continue;
            };
            if let Some(term) = place {
                if let Some(count) = term.by_slot.get_mut(&slot) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        term.by_slot.remove(&slot);
                    }
                }
                if term.by_slot.is_empty() {
                    *place = None;
                    self.index.remove(&key.scope, number);
                    self.numbers.remove(&key);
                    self.free.push(number);
                }
            }
        }
    }

    /// The terms that match a pod.
    pub fn matching<'t>(
        &'t self,
        pod: &'t PodInfo,
        namespace_labels: &'t Labels,
    ) -> impl Iterator<Item = &'t IndexedTerm> {
        self.index
            .candidates(&pod.labels)
            .filter_map(|number| self.terms.get(number)?.as_ref())
            .filter(|term| {
                let scope = &term.key.scope;
                scope.matches(&pod.namespace, namespace_labels, &pod.labels)
            })
    }
}
