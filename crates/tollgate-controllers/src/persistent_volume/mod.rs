//! persistentvolume-binder-controller: brings claims and volumes together, and makes volumes for classes whose
//! provisioner is simulated.
//!
//! Upstream: `pkg/controller/volume/persistentvolume`. A volume is written before the claim, so that a claim that says it is
//! bound is; two claims that want one volume are told apart by the conflict of their writes.

mod claim;
mod matching;
mod provision;
mod volume;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Watched};
use crate::driver::{Cache, Cached};
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};

/// Work of this kind is on a volume; that of no kind on a claim.
const VOLUME: &str = "volume";
/// The provisioner of volumes that are simulated.
pub const SIMULATED: &str = "tollgate.dev/simulated";
/// The driver of these volumes.
pub const DRIVER: &str = "simulated.tollgate.dev";
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// The controller.
#[derive(Debug, Default)]
pub struct PersistentVolumeBinder {
    /// Claims that wait for a volume.
    waiting: Mutex<BTreeSet<Key>>,
}

impl PersistentVolumeBinder {
    fn note(&self, key: &Key, waits: bool) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waits {
            waiting.insert(key.clone());
        } else {
            waiting.remove(key);
        }
    }

    fn wake(&self, queue: &mut dyn Enqueue) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for key in waiting.iter() {
            queue.add(key.clone());
        }
    }

    fn volume_changed(&self, volume: &Cached, queue: &mut dyn Enqueue) {
        queue.add(Key::of_kind(VOLUME, "", &volume.meta.name));
        let Ok(object) = volume.object() else {
            return;
        };
        match object.at(&["spec", "claimRef"]) {
            Some(claim) => {
                let (namespace, name) =
                    (claim.str_or_empty("namespace"), claim.str_or_empty("name"));
                queue.add(Key::new(namespace, name));
            }
            None => self.wake(queue),
        }
    }
}

fn claim_changed(claim: &Cached, cache: &Cache, queue: &mut dyn Enqueue) {
    queue.add(Key::of(claim));
    let Ok(object) = claim.object() else {
        return;
    };
    let volume = object.at(&["spec", "volumeName"]).and_then(Value::as_str);
    // Before a claim knows its volume, the volume may know the claim.
    let made = provision::name(&claim.meta.uid);
    for name in [volume.unwrap_or_default(), &made] {
        if cache.get(&PERSISTENT_VOLUMES, "", name).is_some() {
            queue.add(Key::of_kind(VOLUME, "", name));
        }
    }
}

impl Controller for PersistentVolumeBinder {
    fn name(&self) -> &'static str {
        "persistentvolume-binder-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("persistent-volume-binder")
    }

    fn component(&self) -> &'static str {
        "persistentvolume-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![
            &PERSISTENT_VOLUMES,
            &PERSISTENT_VOLUME_CLAIMS,
            &STORAGE_CLASSES,
        ])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        if change.is_of(&PERSISTENT_VOLUMES) {
            self.volume_changed(object, queue);
        } else if change.is_of(&PERSISTENT_VOLUME_CLAIMS) {
            claim_changed(object, cache, queue);
        } else {
            self.wake(queue);
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(async move {
            if key.kind == VOLUME {
                return volume::bring(context, &key.name).await;
            }
            let (waits, outcome) = claim::bring(context, key).await;
            self.note(key, waits);
            outcome
        })
    }
}

/// The class of a claim or a volume; empty if it has none.
fn class_of(object: &Value) -> &str {
    let old = [
        "metadata",
        "annotations",
        "volume.beta.kubernetes.io/storage-class",
    ];
    let class = object
        .at(&old)
        .or_else(|| object.at(&["spec", "storageClassName"]));
    class.and_then(Value::as_str).unwrap_or_default()
}

fn annotation<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object
        .at(&["metadata", "annotations", key])
        .and_then(Value::as_str)
}

fn annotate(object: &mut Value, key: &'static str, value: &str) {
    let metadata = object.child_mut("metadata");
    metadata.child_mut("annotations").set(key, value);
}

/// A text in the metadata.
fn meta<'v>(object: &'v Value, key: &str) -> &'v str {
    object
        .get("metadata")
        .map_or("", |metadata| metadata.str_or_empty(key))
}
