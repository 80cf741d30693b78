//! A node as the scheduler sees it: what its object says, and what the pods on it use.

use super::pod::{HostPort, PodInfo};
use super::resources::Resources;
use super::selector::Labels;
use super::taint::Taint;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Quantity, Value};

/// The place of a node in the cluster's list; it stays the same while a node or pods of its name are known.
pub type Slot = usize;

/// The labels that say in which zone a node is, newest first.
pub const ZONE_LABELS: [&str; 2] = [
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
];

/// What the object of a node says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its labels.
    pub labels: Labels,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Whether it is cordoned.
    pub is_unschedulable: bool,
    /// What pods can have of it.
    pub allocatable: Resources,
    /// How many pods it takes.
    pub pods_max: i64,
    /// The images on it, by each of their names, with their size.
    pub images: BTreeMap<CompactString, i64>,
}

impl NodeFacts {
    /// Reads a node.
    pub fn read(node: &Value) -> Self {
        let null = Value::Null;
        let spec = node.get("spec").unwrap_or(&null);
        let status = node.get("status").unwrap_or(&null);
        let allocatable = status.get("allocatable").or_else(|| status.get("capacity"));
        let pods_max = allocatable
            .and_then(|amounts| amounts.get("pods"))
            .and_then(|pods| Quantity::from_value(pods).ok());
        let images = status.items("images").iter().flat_map(|image| {
            let size = image.int("sizeBytes").unwrap_or(0);
            let names = image.items("names").iter().filter_map(Value::as_str);
            names.map(move |name| (CompactString::from(name), size))
        });
        Self {
            labels: Labels::of(node),
            taints: spec
                .items("taints")
                .iter()
                .filter_map(Taint::read)
                .collect(),
            is_unschedulable: spec.bool("unschedulable") == Some(true),
            allocatable: Resources::read(allocatable),
            pods_max: pods_max.map_or(0, |pods| pods.value()),
            images: images.collect(),
        }
    }

    /// The zone it is in.
    pub fn zone(&self) -> Option<&str> {
        ZONE_LABELS.iter().find_map(|label| self.labels.get(label))
    }
}

/// A node and what is on it.
#[derive(Debug, Clone, Default)]
pub struct NodeInfo {
    /// Its name.
    pub name: CompactString,
    /// Whether there is such a node; there can be pods on one that is gone, or not known yet.
    pub is_present: bool,
    /// What its object says.
    pub facts: NodeFacts,
    /// Rises when the facts change.
    pub generation: u64,
    /// How many volumes of each CSI driver it takes.
    pub volume_limits: BTreeMap<CompactString, i64>,
    /// What its pods request.
    pub used: Resources,
    /// CPU that nodes are scored by.
    pub scored_milli_cpu: i64,
    /// Memory that nodes are scored by.
    pub scored_memory: i64,
    /// The pods on it that have not ended.
    pub pods: Vec<Arc<PodInfo>>,
    /// How many of them there are of each priority.
    priorities: BTreeMap<i64, u32>,
}

impl NodeInfo {
    /// Counts a pod in.
    pub fn attach(&mut self, pod: Arc<PodInfo>) {
        let requests = &pod.spec.requests;
        self.used.add(&requests.requests);
        self.scored_milli_cpu = self
            .scored_milli_cpu
            .saturating_add(requests.scored_milli_cpu);
        self.scored_memory = self.scored_memory.saturating_add(requests.scored_memory);
        let alike = self.priorities.entry(pod.priority()).or_insert(0);
        *alike = alike.saturating_add(1);
        self.pods.push(pod);
    }

    /// Whether a pod on it is less important than that.
    pub fn has_less_than(&self, priority: i64) -> bool {
        let lowest = self.priorities.first_key_value();
        lowest.is_some_and(|(lowest, _)| *lowest < priority)
    }

    /// Counts a pod out, if it was counted in.
    pub fn detach(&mut self, pod: &PodInfo) {
        let Some(place) = self.pods.iter().position(|other| other.is_same_as(pod)) else {
            return;
        };
        let pod = self.pods.swap_remove(place);
        if let Some(alike) = self.priorities.get_mut(&pod.priority()) {
            *alike = alike.saturating_sub(1);
            if *alike == 0 {
                self.priorities.remove(&pod.priority());
            }
        }
        let requests = &pod.spec.requests;
        self.used.subtract(&requests.requests);
        self.scored_milli_cpu = self
            .scored_milli_cpu
            .saturating_sub(requests.scored_milli_cpu);
        self.scored_memory = self.scored_memory.saturating_sub(requests.scored_memory);
    }

    /// Whether a pod on it has a port that cannot be had beside `wanted`.
    pub fn has_port_conflict(&self, wanted: &[HostPort]) -> bool {
        let taken = self.pods.iter().flat_map(|pod| &pod.spec.host_ports);
        let mut taken = taken.into_iter();
        taken.any(|taken| wanted.iter().any(|wanted| wanted.conflicts_with(taken)))
    }
}
