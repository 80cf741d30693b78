//! The scheduler puts pods only where they may be.
//!
//! It goes by what it has been told, which may be old: so a node is judged as the cache has it. A pod that has waited for
//! its volumes is put where it was to be before, though the node may have changed since.

use super::placing::{refusal, repels};
use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror, is_terminal, meta, uid};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_controllers::driver::Cached;
use tollgate_controllers::resources::{NODES, PODS};

const WORKER: &str = "kube-scheduler";

/// A binding fits taints, labels and affinities.
#[derive(Debug, Default)]
pub(super) struct Placements {
    /// Every node as it was whenever its labels or its spec were others.
    versions: BTreeMap<String, Vec<Arc<Value>>>,
}

fn node_of(pod: &Value) -> &str {
    pod.get("spec")
        .map_or("", |spec| spec.str_or_empty("nodeName"))
}

fn waits_for_volumes(pod: &Value) -> bool {
    let volumes = pod
        .get("spec")
        .map_or(&[][..], |spec| spec.items("volumes"));
    volumes
        .iter()
        .any(|volume| volume.get("persistentVolumeClaim").is_some())
}

fn object(cached: Option<Arc<Cached>>) -> Option<Value> {
    cached?.object().ok()
}

impl Placements {
    fn note(&mut self, change: &Change) {
        let Some(node) = change.new.as_ref().filter(|_| change.is_of("", "nodes")) else {
            return;
        };
        let versions = self
            .versions
            .entry(change.key.name().to_owned())
            .or_default();
        let of = |node: &Value| {
            let labels = node.at(&["metadata", "labels"]).cloned();
            (labels, node.get("spec").cloned())
        };
        if versions.last().is_none_or(|last| of(last) != of(node)) {
            versions.push(Arc::clone(node));
        }
    }

    /// Judges a binding.
    fn check(
        &self,
        mirror: &Mirror,
        pod: &Value,
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        let name = node_of(pod);
        if waits_for_volumes(pod) {
            let mut versions = self.versions.get(name).into_iter().flatten();
            return if versions.any(|node| refusal(pod, node).is_none()) {
                Ok(())
            } else {
                Err(format!("{name} never was a node for it"))
            };
        }
        let cache = circumstances.known;
        let Some(node) = object(cache.get(&NODES, "", name)) else {
            return Err(format!("the scheduler knows no node {name}"));
        };
        if let Some(why) = refusal(pod, &node) {
            return Err(format!("node {name} does not take it: {why}"));
        }
        for (key, other) in mirror.of("", "pods", Some(meta(pod, "namespace"))) {
            let place = node_of(other);
            let there = object(cache.get(&NODES, "", place));
            let (Some(there), false) = (there, uid(other) == uid(pod)) else {
                continue;
            };
            // As the scheduler knows it; where it is, it has decided itself.
            let known = object(cache.get(&PODS, key.namespace(), key.name()));
            let known = known.filter(|known| uid(known) == uid(other) && !is_terminal(known));
            let Some(known) = known else {
                continue;
            };
            if repels(pod, &known, (&node, &there)) || repels(&known, pod, (&there, &node)) {
                return Err(format!("on {name} it is beside {key}"));
            }
        }
        Ok(())
    }
}

impl Law for Placements {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes {
            self.note(change);
            let Some((old, new)) = change.both().filter(|_| change.is_of("", "pods")) else {
                continue;
            };
            let is_bound = node_of(old).is_empty() && !node_of(new).is_empty();
            if is_bound && circumstances.worker == Some(WORKER) {
                let judged = self.check(mirror, new, circumstances);
                judged.map_err(|why| format!("pod {} was misplaced: {why}: {new}", change.key))?;
            }
        }
        Ok(())
    }
}
