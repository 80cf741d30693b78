//! What the kubelets of all nodes remember: who has which address and which share of its node. All of it follows from the
//! objects, so a restart loses nothing.

use super::addresses::{PodAddresses, Slot, assign_slots};
use super::config::NodePlan;
use super::pod_lifecycle::{Memory, allotted_requests, is_active};
use super::resources::Resources;
use crate::controller::Key;
use crate::driver::Cache;
use crate::resources::NODES;
use crate::scheduler::pod::{HostPort, host_ports};
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// A node as its kubelet keeps it.
#[derive(Debug)]
pub(super) struct NodeState {
    pub(super) slot: Slot,
    pub(super) addresses: PodAddresses,
    allotted: BTreeMap<CompactString, Resources>,
    total: Resources,
    /// Ports of the node, of those pods that have any.
    ports: BTreeMap<CompactString, Vec<HostPort>>,
    /// Something was taken back since the pods that wait were told.
    made_room: bool,
}

impl NodeState {
    fn new(slot: Slot) -> Self {
        Self {
            slot,
            addresses: PodAddresses::new(slot),
            allotted: BTreeMap::new(),
            total: Resources::default(),
            ports: BTreeMap::new(),
            made_room: false,
        }
    }

    /// What pods other than this one have of the node, and how many they are.
    pub(super) fn used_by_others(&self, uid: &str) -> (Resources, usize) {
        let mut used = self.total.clone();
        let Some(own) = self.allotted.get(uid) else {
            return (used, self.allotted.len());
        };
        used.sub(own);
        (used, self.allotted.len().saturating_sub(1))
    }

    /// The ports of the node that pods other than this one have.
    pub(super) fn ports_of_others(&self, uid: &str) -> Vec<HostPort> {
        let others = self.ports.iter().filter(|(other, _)| other.as_str() != uid);
        others.flat_map(|(_, ports)| ports).cloned().collect()
    }

    /// Notes what a pod has that is on the node or about to be. A pod that is about to end has it until it has ended.
    pub(super) fn allot(&mut self, uid: &str, pod: &Value) {
        if !is_active(pod) {
            return;
        }
        let requests = allotted_requests(pod);
        if self.allotted.get(uid) == Some(&requests) {
            return;
        }
        let ports = host_ports(pod.get("spec").unwrap_or(&Value::Null));
        if !ports.is_empty() {
            self.ports.insert(uid.into(), ports);
        }
        // A pod that was given other resources may have less than before.
        self.made_room |= self.take_back(uid);
        self.total.add(&requests);
        self.allotted.insert(uid.into(), requests);
    }

    fn take_back(&mut self, uid: &str) -> bool {
        let Some(own) = self.allotted.remove(uid) else {
            return false;
        };
        self.total.sub(&own);
        true
    }

    /// A pod is over or gone.
    fn release(&mut self, uid: &str) {
        self.addresses.release(uid);
        self.made_room |= self.ports.remove(uid).is_some();
        self.made_room |= self.take_back(uid);
    }
}

/// What all kubelets remember.
#[derive(Debug, Default)]
pub(super) struct State {
    slots: BTreeMap<String, Slot>,
    nodes: BTreeMap<String, NodeState>,
    pub(super) memories: BTreeMap<CompactString, Memory>,
    /// The nodes that have registered since the process began.
    pub(super) registered: BTreeSet<String>,
    /// The nodes that are told to be down.
    pub(super) down: BTreeSet<String>,
    waiting: BTreeSet<(CompactString, Key)>,
    waiting_by_namespace: BTreeSet<(CompactString, Key)>,
}

impl State {
    /// The slot of a node. All nodes get theirs at once, when all that is stored is known.
    pub(super) fn slot(
        &mut self,
        plans: &BTreeMap<String, NodePlan>,
        cache: &Cache,
        name: &str,
    ) -> Option<Slot> {
        if self.slots.is_empty() {
            let mut taken = BTreeMap::new();
            for node in cache.list(&NODES, "") {
                let object = node.object_to_read().unwrap_or_default();
                let cidr = object.at(&["spec", "podCIDR"]).and_then(Value::as_str);
                if let Some(cidr) = cidr {
                    taken.insert(node.meta.name.to_string(), cidr.to_owned());
                }
            }
            self.slots = assign_slots(plans.keys().map(String::as_str), &taken);
        }
        self.slots.get(name).copied()
    }

    /// The state of a node, read from the pods that are on it if nothing is known yet.
    pub(super) fn node(
        &mut self,
        plans: &BTreeMap<String, NodePlan>,
        cache: &Cache,
        name: &str,
    ) -> Option<&mut NodeState> {
        if !self.nodes.contains_key(name) {
            let mut node = NodeState::new(self.slot(plans, cache, name)?);
            for cached in cache.pods_on(name) {
                let is_over = cached
                    .pod
                    .as_ref()
                    .is_none_or(|pod| pod.phase.is_terminal());
                let Some(pod) = cached.object_to_read().ok().filter(|_| !is_over) else {
                    continue;
                };
                let address = pod.at(&["status", "podIP"]).and_then(Value::as_str);
                if address.is_some() {
                    node.addresses.address(&cached.meta.uid, address);
                }
                node.allot(&cached.meta.uid, &pod);
            }
            self.nodes.insert(name.to_owned(), node);
        }
        self.nodes.get_mut(name)
    }

    /// A pod is over or gone.
    pub(super) fn release(&mut self, node: &str, uid: &str) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.release(uid);
        }
    }

    /// The pods that wait for room on a node, if there is some that they were not told of.
    pub(super) fn take_waiting_for_room(&mut self, node: &str) -> Vec<Key> {
        let made_room = self
            .nodes
            .get_mut(node)
            .is_some_and(|node| std::mem::take(&mut node.made_room));
        if made_room {
            of(&self.waiting, node)
        } else {
            Vec::new()
        }
    }

    /// A pod waits for something, or does not any more.
    pub(super) fn note_waiting(&mut self, node: &str, key: &Key, waits: bool) {
        let by_node = (node.into(), key.clone());
        let by_namespace = (key.namespace.clone(), key.clone());
        if waits {
            self.waiting.insert(by_node);
            self.waiting_by_namespace.insert(by_namespace);
        } else {
            self.waiting.remove(&by_node);
            self.waiting_by_namespace.remove(&by_namespace);
        }
    }

    /// The pods of a namespace that wait.
    pub(super) fn waiting_in(&self, namespace: &str) -> Vec<Key> {
        of(&self.waiting_by_namespace, namespace)
    }
}

fn of(waiting: &BTreeSet<(CompactString, Key)>, first: &str) -> Vec<Key> {
    let start = (CompactString::new(first), Key::default());
    let range = waiting.range(start..);
    range
        .take_while(|(found, _)| found == first)
        .map(|(_, key)| key.clone())
        .collect()
}
