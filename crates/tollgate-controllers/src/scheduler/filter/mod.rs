//! Which nodes can take a pod: one file for each of upstream's predicates, asked in upstream's order.
//!
//! What is the same for all nodes is found out once ([`Prepared`]); then nodes are judged one by one.

pub mod inter_pod_affinity;
pub mod node_affinity;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod node_volume_limits;
pub mod pod_topology_spread;
pub mod scheduling_gates;
pub mod taint_toleration;
#[cfg(test)]
mod tests;
pub mod volume_binding;
pub mod volume_restrictions;
pub mod volume_zone;

pub use volume_binding::{PodVolumes, VolumePlan};

use super::cluster::Cluster;
use super::node::Slot;
use super::pod::PodInfo;
use super::reason::Rejection;
use super::static_verdicts::StaticVerdicts;
use inter_pod_affinity::Affinity;
use pod_topology_spread::Spread;
use std::collections::BTreeSet;
use tollgate_api::value::CompactString;

/// What was found out about a pod before any node is judged.
#[derive(Debug)]
pub struct Prepared {
    /// What the pod's spec means for each node.
    pub verdicts: StaticVerdicts,
    /// The only nodes that can take it, if it names them.
    pub named_nodes: Option<BTreeSet<CompactString>>,
    /// Its claims.
    pub volumes: PodVolumes,
    spread: Spread,
    affinity: Affinity,
}

impl Prepared {
    /// Finds out what is the same for all nodes. It is an error if nothing but that keeps the pod from every node.
    pub fn new(cluster: &mut Cluster, pod: &PodInfo) -> Result<Self, Rejection> {
        let named_nodes = node_affinity::named_nodes(&pod.spec)?;
        let volumes = PodVolumes::read(cluster, pod)?;
        volume_zone::prefilter(cluster, &volumes)?;
        Ok(Self {
            verdicts: cluster.take_verdicts(pod),
            named_nodes,
            volumes,
            spread: Spread::read(cluster, pod),
            affinity: Affinity::read(cluster, pod),
        })
    }

    /// Judges a node by what can change without the pod or the node.
    pub fn filter(&self, cluster: &Cluster, pod: &PodInfo, slot: Slot) -> Result<(), Rejection> {
        let Some(node) = cluster.node(slot) else {
            return Ok(());
        };
        let of_spec = self
            .verdicts
            .on(slot)
            .and_then(|verdict| verdict.rejection.clone());
        let rejection = of_spec
            .or_else(|| node_name::filter(pod, node))
            .or_else(|| node_ports::filter(&pod.spec, node))
            .or_else(|| node_resources_fit::filter(&pod.spec, node))
            .or_else(|| volume_restrictions::filter(pod, &self.volumes, node))
            .or_else(|| node_volume_limits::filter(cluster, pod, node))
            .or_else(|| volume_binding::filter(cluster, &self.volumes, node))
            .or_else(|| volume_zone::filter(cluster, &self.volumes, node))
            .or_else(|| self.spread.filter(slot))
            .or_else(|| self.affinity.filter(slot));
        rejection.map_or(Ok(()), Err)
    }
}
