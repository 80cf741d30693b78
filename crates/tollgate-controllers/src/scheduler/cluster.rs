//! The cluster as the scheduler knows it, kept up to date change by change.

use super::node::{NodeFacts, NodeInfo, Slot};
use super::pod::{PodInfo, PodSpec};
use super::selector::Labels;
use super::spread_defaults::SpreadDefaults;
use super::static_verdicts::StaticVerdicts;
use super::tally::{Question, Tallies};
use super::term_index::TermIndex;
use super::topology::{Domains, Topology};
use super::volumes::Volumes;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::value::CompactString;

/// Namespace and name of a pod.
pub type PodKey = (CompactString, CompactString);

/// How many different specs are remembered before those without pods are forgotten.
const SPECS_MAX: usize = 8_192;

/// How many verdicts of a spec on a node are remembered before all are forgotten: some hundred megabytes.
const VERDICTS_MAX: usize = 1_000_000;

/// Nodes, the pods on them and everything else that a decision depends on.
#[derive(Debug, Default)]
pub struct Cluster {
    nodes: Vec<NodeInfo>,
    slots: BTreeMap<CompactString, Slot>,
    /// Places that nobody has any more.
    free: Vec<Slot>,
    /// The nodes that exist, zones taking turns; empty while it has to be made again.
    order: Vec<Slot>,
    generation: u64,
    placed: BTreeMap<PodKey, (Slot, Arc<PodInfo>)>,
    /// Pods that a node is being made free for.
    nominated: BTreeMap<PodKey, (CompactString, Arc<PodInfo>)>,
    namespaces: BTreeMap<CompactString, Labels>,
    tallies: Tallies,
    terms: TermIndex,
    topology: Topology,
    specs: BTreeMap<Arc<PodSpec>, StaticVerdicts>,
    /// How many verdicts are remembered.
    verdicts: usize,
    image_counts: BTreeMap<CompactString, usize>,
    /// Claims, volumes and classes.
    pub volumes: Volumes,
    /// The budgets of pods.
    pub budgets: super::preempt::Budgets,
    /// What pods are spread by that have no constraints of their own.
    pub spread_defaults: SpreadDefaults,
    /// Where the next search begins.
    pub next_start: usize,
}

impl Cluster {
    /// A node's place, made if there is none.
    fn slot(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(NodeInfo::default());
            self.nodes.len().saturating_sub(1)
        });
        if let Some(node) = self.nodes.get_mut(slot) {
            node.name = name.into();
        }
        self.slots.insert(name.into(), slot);
        slot
    }

    /// Gives up a place where there is neither a node nor a pod.
    fn leave(&mut self, slot: Slot) {
        let Some(node) = self.nodes.get_mut(slot) else {
            return;
        };
        if !node.is_present && node.pods.is_empty() && node.volume_limits.is_empty() {
            self.slots.remove(&node.name);
            *node = NodeInfo::default();
            self.free.push(slot);
        }
    }

    /// The node in a place.
    pub fn node(&self, slot: Slot) -> Option<&NodeInfo> {
        self.nodes.get(slot)
    }

    /// The place of a node that exists.
    pub fn slot_of(&self, name: &str) -> Option<Slot> {
        let slot = *self.slots.get(name)?;
        self.nodes.get(slot)?.is_present.then_some(slot)
    }

    /// The nodes that exist, zones taking turns, so that a search that ends early has seen all zones.
    pub fn order(&mut self) -> &[Slot] {
        if self.order.is_empty() {
            let mut zones: BTreeMap<&str, Vec<Slot>> = BTreeMap::new();
            for slot in self.slots.values() {
                if let Some(node) = self.nodes.get(*slot).filter(|node| node.is_present) {
                    zones
                        .entry(node.facts.zone().unwrap_or_default())
                        .or_default()
                        .push(*slot);
                }
            }
            let rounds = zones.values().map(Vec::len).max().unwrap_or(0);
            let turns = (0..rounds).flat_map(|round| {
                zones
                    .values()
                    .filter_map(move |zone| zone.get(round).copied())
            });
            self.order = turns.collect();
        }
        &self.order
    }

    /// All places, of nodes that exist and of others.
    pub fn nodes(&self) -> &[NodeInfo] {
        &self.nodes
    }

    /// Adds a node or takes over its changes. Tells whether anything the scheduler cares about is different.
    pub fn set_node(&mut self, name: &str, facts: NodeFacts) -> bool {
        let slot = self.slot(name);
        let Some(node) = self.nodes.get_mut(slot) else {
            return false;
        };
        if node.is_present && node.facts == facts {
            return false;
        }
        let has_same_topology = node.is_present && node.facts.labels == facts.labels;
        self.generation = self.generation.saturating_add(1);
        node.generation = self.generation;
        node.is_present = true;
        let old = std::mem::replace(&mut node.facts, facts);
        let new_images: Vec<CompactString> = node.facts.images.keys().cloned().collect();
        self.count_images(old.images.into_keys(), false);
        self.count_images(new_images.into_iter(), true);
        if !has_same_topology {
            self.topology.forget();
            self.order.clear();
        }
        true
    }

    /// Removes a node; pods on it stay known until they are removed themselves.
    pub fn remove_node(&mut self, name: &str) {
        let Some(slot) = self.slots.get(name).copied() else {
            return;
        };
        let Some(node) = self.nodes.get_mut(slot) else {
            return;
        };
        self.generation = self.generation.saturating_add(1);
        node.generation = self.generation;
        node.is_present = false;
        let old = std::mem::take(&mut node.facts);
        self.count_images(old.images.into_keys(), false);
        self.topology.forget();
        self.order.clear();
        self.leave(slot);
    }

    /// Sets how many volumes of each CSI driver a node takes.
    pub fn set_volume_limits(&mut self, name: &str, limits: BTreeMap<CompactString, i64>) {
        let slot = self.slot(name);
        if let Some(node) = self.nodes.get_mut(slot) {
            node.volume_limits = limits;
        }
        self.leave(slot);
    }

    fn count_images(&mut self, images: impl Iterator<Item = CompactString>, comes: bool) {
        for image in images {
            let count = self.image_counts.entry(image.clone()).or_insert(0);
            *count = if comes {
                count.saturating_add(1)
            } else {
                count.saturating_sub(1)
            };
            if *count == 0 {
                self.image_counts.remove(&image);
            }
        }
    }

    /// On how many nodes an image is.
    pub fn count_image(&self, image: &str) -> usize {
        self.image_counts.get(image).copied().unwrap_or(0)
    }

    /// Makes pods of one template share what they have in common.
    pub fn share(&mut self, mut pod: PodInfo) -> Arc<PodInfo> {
        if let Some((spec, _)) = self.specs.get_key_value(&pod.spec) {
            pod.spec = Arc::clone(spec);
        } else {
            if self.specs.len() >= SPECS_MAX {
                self.specs.retain(|spec, _| Arc::strong_count(spec) > 1);
                self.verdicts = self.specs.values().map(StaticVerdicts::len).sum();
            }
            self.specs
                .insert(Arc::clone(&pod.spec), StaticVerdicts::default());
        }
        Arc::new(pod)
    }

    /// Takes out what is known about a spec and every node, brought up to date; [`Self::keep_verdicts`] puts it back.
    pub(super) fn take_verdicts(&mut self, pod: &PodInfo) -> StaticVerdicts {
        let known = self.specs.get_mut(&pod.spec);
        let mut verdicts = known.map(std::mem::take).unwrap_or_default();
        self.verdicts = self.verdicts.saturating_sub(verdicts.len());
        verdicts.refresh(&pod.spec, &self.nodes);
        verdicts
    }

    pub(super) fn keep_verdicts(&mut self, pod: &PodInfo, verdicts: StaticVerdicts) {
        self.verdicts = self.verdicts.saturating_add(verdicts.len());
        if self.verdicts > VERDICTS_MAX {
            self.verdicts = verdicts.len();
            let places = self.specs.values_mut();
            places.for_each(|place| *place = StaticVerdicts::default());
        }
        if let Some(place) = self.specs.get_mut(&pod.spec) {
            *place = verdicts;
        }
    }

    /// Takes a pod on a node, new, changed or assumed to be there. A pod that has ended holds nothing and is removed.
    pub fn place(&mut self, pod: &Arc<PodInfo>) {
        let key = (pod.namespace.clone(), pod.name.clone());
        self.remove_pod(&key);
        if pod.node_name.is_empty() || pod.is_finished {
            return;
        }
        let slot = self.slot(&pod.node_name);
        self.attach(Arc::clone(pod), slot);
        self.placed.insert(key, (slot, Arc::clone(pod)));
    }

    /// Removes a pod from its node.
    pub fn remove_pod(&mut self, key: &PodKey) -> Option<Arc<PodInfo>> {
        let (slot, pod) = self.placed.remove(key)?;
        self.detach(&pod, slot);
        self.leave(slot);
        Some(pod)
    }

    /// The pod as it is counted on a node.
    pub fn placed(&self, key: &PodKey) -> Option<&Arc<PodInfo>> {
        self.placed.get(key).map(|(_, pod)| pod)
    }

    /// Counts a pod on a node, for good or to see what would be.
    pub(super) fn attach(&mut self, pod: Arc<PodInfo>, slot: Slot) {
        self.tallies.count(
            &pod,
            labels_in(&self.namespaces, &pod.namespace),
            slot,
            true,
        );
        self.terms.attach(&pod, slot);
        self.volumes.count_users(&pod, true);
        if let Some(node) = self.nodes.get_mut(slot) {
            node.attach(pod);
        }
    }

    /// The reverse of [`Self::attach`].
    pub(super) fn detach(&mut self, pod: &PodInfo, slot: Slot) {
        self.tallies.count(
            pod,
            labels_in(&self.namespaces, &pod.namespace),
            slot,
            false,
        );
        self.terms.detach(pod, slot);
        self.volumes.count_users(pod, false);
        if let Some(node) = self.nodes.get_mut(slot) {
            node.detach(pod);
        }
    }

    /// Notes for which node a pod waits; `""` for none.
    pub fn nominate(&mut self, pod: &Arc<PodInfo>, node: &str) {
        let key = (pod.namespace.clone(), pod.name.clone());
        if node.is_empty() {
            self.nominated.remove(&key);
        } else {
            self.nominated.insert(key, (node.into(), Arc::clone(pod)));
        }
    }

    /// Forgets that a pod waits for a node.
    pub fn forget_nomination(&mut self, key: &PodKey) {
        self.nominated.remove(key);
    }

    /// The node that a pod waits for: as was decided here, even if its object does not show that yet.
    pub fn nomination_of<'n>(&'n self, pod: &'n PodInfo) -> &'n str {
        let key = (pod.namespace.clone(), pod.name.clone());
        let known = self.nominated.get(&key);
        known.map_or(&pod.nominated_node, |(node, _)| node)
    }

    /// The pods that wait for a node, with its name.
    pub fn nominations(&self) -> impl Iterator<Item = &(CompactString, Arc<PodInfo>)> {
        self.nominated.values()
    }

    /// Takes over the labels of a namespace.
    pub fn set_namespace(&mut self, name: &str, labels: Labels) {
        if self.namespaces.get(name) != Some(&labels) {
            self.namespaces.insert(name.into(), labels);
            self.tallies.forget();
        }
    }

    /// Forgets a namespace.
    pub fn remove_namespace(&mut self, name: &str) {
        if self.namespaces.remove(name).is_some() {
            self.tallies.forget();
        }
    }

    /// The labels of a namespace.
    pub fn namespace_labels(&self, name: &str) -> &Labels {
        labels_in(&self.namespaces, name)
    }

    /// The terms of pods on nodes.
    pub fn terms(&self) -> &TermIndex {
        &self.terms
    }

    /// How many pods a question finds on each node.
    pub fn ask(&mut self, question: Question) -> &[u32] {
        self.tallies.ask(question, &self.namespaces)
    }

    /// The domains of a node label.
    pub fn domains(&mut self, key: &str) -> Arc<Domains> {
        self.topology.domains(key, &self.nodes)
    }
}

fn labels_in<'n>(namespaces: &'n BTreeMap<CompactString, Labels>, name: &str) -> &'n Labels {
    static NONE: std::sync::LazyLock<Labels> = std::sync::LazyLock::new(Labels::default);
    namespaces.get(name).unwrap_or(&NONE)
}
