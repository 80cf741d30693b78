//! job-controller: pods run to their ends until enough have succeeded or too many have failed.
//!
//! Upstream: `pkg/controller/job`

mod backoff;
mod condition;
mod intervals;
mod pod;
mod policy;
mod spec;
mod survey;
mod sync;
mod template;
mod track;
mod work;

#[cfg(test)]
mod tests;

pub(crate) use condition::finished;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::owners::Owners;
use crate::refused::Refused;
use crate::resources::{JOBS, PODS};
use backoff::Record;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};

/// Pods whose Job is gone: they lose their finalizers.
const ORPHAN: &str = "orphan";

/// The controller.
#[derive(Debug)]
pub struct Jobs {
    owners: Owners,
    refused: Refused,
    records: Mutex<BTreeMap<Key, Record>>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            owners: Owners::new(&JOBS, "Job", selector),
            refused: Refused::default(),
            records: Mutex::default(),
        }
    }
}

fn selector(job: &Value) -> Value {
    job.at(&["spec", "selector"]).cloned().unwrap_or_default()
}

impl Jobs {
    fn records(&self) -> MutexGuard<'_, BTreeMap<Key, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, key: &Key) -> Record {
        self.records().get(key).copied().unwrap_or_default()
    }

    fn remember(&self, key: &Key, record: Record) {
        self.records().insert(key.clone(), record);
    }

    /// A Job that has ended needs no memory.
    fn forget(&self, key: &Key) {
        self.records().remove(key);
        self.refused.clear(key);
    }

    /// Looks at a pod that is tracked and may have no Job.
    fn pod_changed(&self, pod: &Cached, cache: &Cache, queue: &mut dyn Enqueue) {
        if pod.meta.has_finalizer(spec::FINALIZER) && self.owners.key_of(pod, cache).is_none() {
            let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
            queue.add(Key::of_kind(ORPHAN, namespace, name));
        }
    }

    async fn sync_orphan(&self, cx: &Context, key: &Key) -> Outcome {
        let Some(pod) = cx.cache.get(&PODS, &key.namespace, &key.name) else {
            return Ok(Requeue::No);
        };
        let is_foreign = pod
            .meta
            .controller()
            .is_some_and(|owner| owner.kind != "Job" || !owner.api_version.starts_with("batch/"));
        let is_owned = self.owners.key_of(&pod, &cx.cache).is_some();
        if !is_foreign && !is_owned && pod.meta.has_finalizer(spec::FINALIZER) {
            sync::remove_finalizer(cx, &pod).await?;
        }
        Ok(Requeue::No)
    }
}

impl Controller for Jobs {
    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("job-controller")
    }

    fn component(&self) -> &'static str {
        "job-controller"
    }

    fn watches(&self) -> Watched {
        let mut watched = vec![&JOBS, &PODS];
        watched.extend(Refused::WATCHES);
        Watched::These(watched)
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        self.refused.concerns(change, queue);
        if change.is_of(&JOBS) {
            self.owners.owner_changed(change, queue);
            if let (Some(old), None) = (change.old, change.new) {
                for pod in cache.controlled_by(&PODS, &old.meta.namespace, &old.meta.uid) {
                    self.pod_changed(&pod, cache, queue);
                }
            }
        } else if change.is_of(&PODS) {
            self.owners.dependent_changed(change, cache, queue);
            if let Some(pod) = change.new {
                self.pod_changed(pod, cache, queue);
            }
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        if key.kind == ORPHAN {
            return Box::pin(self.sync_orphan(context, key));
        }
        Box::pin(self.sync(context, key))
    }
}
