//! InterPodAffinity: pods that must stand beside others, or must not, on either side.

use super::super::affinity_terms::PodTerm;
use super::super::cluster::Cluster;
use super::super::node::Slot;
use super::super::pod::PodInfo;
use super::super::reason::{Plugin, Reason, Rejection};
use super::super::tally::Question;
use super::super::term_index::TermEffect;
use super::super::topology::Domains;
use std::sync::Arc;
use tollgate_api::value::CompactString;

/// Domains of one node label, and in which of them something is.
#[derive(Debug, Clone)]
struct Marked {
    domains: Arc<Domains>,
    has: Vec<bool>,
}

impl Marked {
    fn new(domains: Arc<Domains>) -> Self {
        let has = vec![false; domains.len()];
        Self { domains, has }
    }

    fn mark(&mut self, slot: Slot) {
        let domain = self.domains.of_slot(slot);
        if let Some(place) = domain.and_then(|domain| self.has.get_mut(domain)) {
            *place = true;
        }
    }

    /// Whether it is beside a node; none if the node lacks the label.
    fn is_beside(&self, slot: Slot) -> Option<bool> {
        let domain = self.domains.of_slot(slot)?;
        Some(self.has.get(domain).copied().unwrap_or(false))
    }
}

/// What affinity means for a pod in this cluster.
#[derive(Debug, Clone, Default)]
pub struct Affinity {
    /// Where pods are that this one must stand beside, by term.
    beside: Vec<Marked>,
    /// Whether the pod is the first of a kind that must stand together, and so may stand anywhere.
    is_first: bool,
    /// Where pods are that this one must not stand beside, by term.
    apart: Vec<Marked>,
    /// Where pods are that do not want this one beside them, by node label.
    unwanted: Vec<Marked>,
}

impl Affinity {
    /// Looks where the pods are that a pod's terms are about, and whose terms are about the pod.
    pub fn read(cluster: &mut Cluster, pod: &PodInfo) -> Self {
        let spec = &pod.spec;
        let mut affinity = Self::default();
        if !spec.affinity.is_empty() {
            // A pod to stand beside is one that matches all terms.
            let scopes: Vec<_> = spec
                .affinity
                .iter()
                .map(|term| term.scope(&pod.namespace))
                .collect();
            let labels = cluster.namespace_labels(&pod.namespace);
            let matches_itself = scopes
                .iter()
                .all(|scope| scope.matches(&pod.namespace, labels, &pod.labels));
            let counts = ask(cluster, scopes);
            affinity.beside = spec
                .affinity
                .iter()
                .map(|term| mark(cluster, term, &counts))
                .collect();
            let is_anywhere = affinity
                .beside
                .iter()
                .any(|marked| marked.has.contains(&true));
            affinity.is_first = matches_itself && !is_anywhere;
        }
        for term in &spec.anti_affinity {
            let counts = ask(cluster, vec![term.scope(&pod.namespace)]);
            affinity.apart.push(mark(cluster, term, &counts));
        }
        affinity.unwanted = unwanted(cluster, pod);
        affinity
    }

    /// Judges a node.
    pub fn filter(&self, slot: Slot) -> Option<Rejection> {
        let beside: Vec<Option<bool>> = self
            .beside
            .iter()
            .map(|marked| marked.is_beside(slot))
            .collect();
        let has_labels = beside.iter().all(Option::is_some);
        if !has_labels || !(self.is_first || beside.iter().all(|is| *is == Some(true))) {
            return Some(Rejection::unresolvable(
                Plugin::InterPodAffinity,
                Reason::Text("node(s) didn't match pod affinity rules"),
            ));
        }
        let is_beside_any = |marked: &[Marked]| {
            marked
                .iter()
                .any(|marked| marked.is_beside(slot) == Some(true))
        };
        if is_beside_any(&self.apart) {
            return Some(Rejection::unschedulable(
                Plugin::InterPodAffinity,
                "node(s) didn't match pod anti-affinity rules",
            ));
        }
        is_beside_any(&self.unwanted).then(|| {
            Rejection::unschedulable(
                Plugin::InterPodAffinity,
                "node(s) didn't satisfy existing pods anti-affinity rules",
            )
        })
    }
}

fn ask(cluster: &mut Cluster, scopes: Vec<super::super::selector::Scope>) -> Vec<u32> {
    let question = Question {
        scopes,
        skips_terminating: false,
    };
    cluster.ask(question).to_vec()
}

fn mark(cluster: &mut Cluster, term: &PodTerm, counts: &[u32]) -> Marked {
    let mut marked = Marked::new(cluster.domains(&term.topology_key));
    for (slot, count) in counts.iter().enumerate() {
        if *count > 0 {
            marked.mark(slot);
        }
    }
    marked
}

fn unwanted(cluster: &mut Cluster, pod: &PodInfo) -> Vec<Marked> {
    let labels = cluster.namespace_labels(&pod.namespace).clone();
    let terms = cluster.terms().matching(pod, &labels);
    let found: Vec<(CompactString, Vec<Slot>)> = terms
        .filter(|term| term.effect() == TermEffect::Forbids)
        .map(|term| {
            (
                term.topology_key().clone(),
                term.by_slot.keys().copied().collect(),
            )
        })
        .collect();
    found
        .into_iter()
        .map(|(key, slots)| {
            let mut marked = Marked::new(cluster.domains(&key));
            for slot in slots {
                marked.mark(slot);
            }
            marked
        })
        .collect()
}
