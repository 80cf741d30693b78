//! NodeVolumeLimits: a CSI driver attaches only so many volumes to a node.

use super::super::cluster::Cluster;
use super::super::node::NodeInfo;
use super::super::pod::PodInfo;
use super::super::reason::{Plugin, Rejection};
use std::collections::BTreeSet;
use tollgate_api::value::CompactString;

type Attached = BTreeSet<(CompactString, CompactString)>;

fn volumes_of(cluster: &Cluster, pod: &PodInfo) -> Attached {
    let keys = pod
        .claims
        .iter()
        .map(|claim| (pod.namespace.clone(), claim.name.clone()));
    keys.filter_map(|key| cluster.volumes.csi_of(&key))
        .collect()
}

/// Judges a node.
pub fn filter(cluster: &Cluster, pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
    if pod.claims.is_empty() || node.volume_limits.is_empty() {
        return None;
    }
    let there: Attached = node
        .pods
        .iter()
        .flat_map(|pod| volumes_of(cluster, pod))
        .collect();
    let new: Attached = volumes_of(cluster, pod)
        .difference(&there)
        .cloned()
        .collect();
    let count = |volumes: &Attached, driver: &CompactString| {
        let of_driver = volumes.iter().filter(|(other, _)| other == driver);
        i64::try_from(of_driver.count()).unwrap_or(i64::MAX)
    };
    let is_exceeded = node.volume_limits.iter().any(|(driver, limit)| {
        let more = count(&new, driver);
        more > 0 && count(&there, driver).saturating_add(more) > *limit
    });
    is_exceeded.then(|| {
        Rejection::unschedulable(Plugin::NodeVolumeLimits, "node(s) exceed max volume count")
    })
}
