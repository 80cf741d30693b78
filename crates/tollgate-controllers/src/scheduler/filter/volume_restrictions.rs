//! VolumeRestrictions: disks that are used once, and claims that are used by one pod.

use super::super::node::NodeInfo;
use super::super::pod::PodInfo;
use super::super::reason::{Plugin, Rejection};
use super::PodVolumes;

/// Judges a node.
pub fn filter(pod: &PodInfo, volumes: &PodVolumes, node: &NodeInfo) -> Option<Rejection> {
    let taken = || node.pods.iter().flat_map(|pod| &pod.disks);
    let conflicts = pod
        .disks
        .iter()
        .any(|disk| taken().any(|other| disk.conflicts_with(other)));
    if conflicts {
        return Some(Rejection::unschedulable(
            Plugin::VolumeRestrictions,
            "node(s) had no available disk",
        ));
    }
    volumes.has_exclusive_claim_in_use.then(|| {
        Rejection::unschedulable(
            Plugin::VolumeRestrictions,
            "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
        )
    })
}
