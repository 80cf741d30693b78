//! VolumeZone: a volume that is in a zone or a region is used from there.

use super::super::cluster::Cluster;
use super::super::node::NodeInfo;
use super::super::reason::{Plugin, Reason, Rejection};
use super::PodVolumes;

/// Labels of a place, new and old; either stands for the other.
const LABELS: [[&str; 2]; 2] = [
    [
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/zone",
    ],
    [
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/region",
    ],
];

/// It is an error if a bound volume does not exist.
pub fn prefilter(cluster: &Cluster, volumes: &PodVolumes) -> Result<(), Rejection> {
    let missing = volumes
        .bound()
        .iter()
        .find(|name| cluster.volumes.volume(name).is_none());
    missing.map_or(Ok(()), |name| {
        let text = format!("persistentvolume \"{name}\" not found");
        Err(Rejection::unresolvable(
            Plugin::VolumeZone,
            Reason::Made(text.into()),
        ))
    })
}

/// Judges a node. One without such labels is in no zone, and takes every volume.
pub fn filter(cluster: &Cluster, volumes: &PodVolumes, node: &NodeInfo) -> Option<Rejection> {
    let labels = &node.facts.labels;
    let has_labels = || {
        LABELS
            .iter()
            .flatten()
            .any(|label| labels.get(label).is_some())
    };
    if volumes.bound().is_empty() || !has_labels() {
        return None;
    }
    let bound = volumes.bound().iter();
    let is_elsewhere = bound
        .filter_map(|name| cluster.volumes.volume(name))
        .any(|volume| {
            LABELS.iter().any(|[new, old]| {
                let wanted = [(new, old), (old, new)];
                wanted.iter().any(|(label, other)| {
                    let Some(places) = volume.labels.get(label) else {
                        return false;
                    };
                    let here = labels.get(label).or_else(|| labels.get(other));
                    !here.is_some_and(|here| places.split("__").any(|place| place == here))
                })
            })
        });
    is_elsewhere.then(|| {
        Rejection::unresolvable(
            Plugin::VolumeZone,
            Reason::Text("node(s) had no available volume zone"),
        )
    })
}
