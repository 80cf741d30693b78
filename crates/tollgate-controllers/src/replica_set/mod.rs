//! replicaset-controller and replicationcontroller-controller: a set has as many pods as it asks for.
//!
//! Both are one implementation, as upstream (`pkg/controller/replicaset`, `pkg/controller/replication`): the kinds differ
//! in how they write their selector and in what their status tells.

mod plan;
mod rank;
mod set;
mod status;

use crate::claim;
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::gathering::Gathering;
use crate::namespaces;
use crate::owners::Owners;
use crate::pod_control::{self, Owning};
use crate::refused::Refused;
use crate::resources::{PODS, REPLICA_SETS, REPLICATION_CONTROLLERS};
use futures_util::future::join_all;
use plan::Plan;
use set::Set;
use std::sync::Arc;
use tollgate_api::client::{GroupVersionResource, Identity, Pending};
use tollgate_api::{Reason, Status, Value};

/// What tells the two kinds apart.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    component: &'static str,
    /// The kind as objects write it.
    of: &'static str,
    resource: &'static GroupVersionResource,
    selector: fn(&Value) -> Value,
    /// Whether the status counts pods that are being deleted.
    counts_terminating: bool,
}

static REPLICA_SET: Kind = Kind {
    name: "replicaset-controller",
    component: "replicaset-controller",
    of: "ReplicaSet",
    resource: &REPLICA_SETS,
    selector: set::label_selector,
    counts_terminating: true,
};

static REPLICATION_CONTROLLER: Kind = Kind {
    name: "replicationcontroller-controller",
    component: "replication-controller",
    of: "ReplicationController",
    resource: &REPLICATION_CONTROLLERS,
    selector: set::map_selector,
    counts_terminating: false,
};

/// The controller of one of the two kinds.
#[derive(Debug)]
pub struct ReplicaSets {
    kind: &'static Kind,
    owners: Owners,
    refused: Refused,
}

impl ReplicaSets {
    /// The controller of ReplicaSets.
    pub fn of_replica_sets() -> Self {
        Self::of(&REPLICA_SET)
    }

    /// The controller of ReplicationControllers.
    pub fn of_replication_controllers() -> Self {
        Self::of(&REPLICATION_CONTROLLER)
    }

    fn of(kind: &'static Kind) -> Self {
        Self {
            kind,
            owners: Owners::new(kind.resource, kind.of, kind.selector),
            refused: Refused::default(),
        }
    }

    async fn sync(&self, cx: &Context, key: &Key) -> Outcome {
        let Some(found) = cx.cache.get(self.kind.resource, &key.namespace, &key.name) else {
            self.refused.clear(key);
            return Ok(Requeue::No);
        };
        let set = Set::new(&found, self.kind.selector)?;
        let owner = Owning::new(self.kind.resource, self.kind.of, &found);
        let pods = claim::claim(cx, &owner, &PODS, &set.selector, pod_control::is_active).await?;
        let terminating = if self.kind.counts_terminating {
            Some(count_terminating(cx, &owner, &set))
        } else {
            None
        };
        let managed = if owner.is_deleted {
            Ok(())
        } else {
            self.manage(cx, key, &owner, &set, &pods).await
        };
        let counts = status::count(&set, &pods, terminating, cx.now);
        let status = status::status(&set, &counts, managed.as_ref().err(), cx.now);
        if status != set.status || set.observed_generation != found.meta.generation {
            let mut object = set.object;
            let mut status = status;
            status.set("observedGeneration", found.meta.generation);
            object.set("status", status);
            match cx.update(self.kind.resource, "status", object).await {
                // It was deleted meanwhile.
                Err(status) if status.reason == Reason::NotFound => return Ok(Requeue::No),
                result => result?,
            };
        }
        managed?;
        Ok(counts.next_available.map_or(Requeue::No, Requeue::After))
    }

    /// Makes or deletes pods. What fails is the answer, and only the first failure.
    async fn manage(
        &self,
        cx: &Context,
        key: &Key,
        owner: &Owning,
        set: &Set,
        pods: &[Arc<Cached>],
    ) -> Result<(), Status> {
        let related = || self.related_pods(cx, &set.cached);
        match plan::plan(set.replicas, pods, related, cx.now) {
            Plan::Nothing => {
                self.refused.clear(key);
                Ok(())
            }
            // Each pod that goes would have hundreds refused.
            Plan::Create(_) if namespaces::is_known_to_end(&cx.cache, &key.namespace) => {
                self.refused.clear(key);
                Ok(())
            }
            Plan::Create(count) => {
                self.refused.attempt(key);
                let pod = pod_control::pod_of_template(owner, &set.template);
                let batch = pod_control::slow_start(count, |_| {
                    let pod = pod.clone();
                    async move {
                        match pod_control::create_pod(cx, owner, pod).await {
                            // Nothing can be made there any more, and that is as it should be.
                            Err(status) if namespaces::is_ending(&status) => Ok(()),
                            result => result.map(|_| ()),
                        }
                    }
                });
                batch.await.failure.map_or(Ok(()), Err)?;
                self.refused.clear(key);
                Ok(())
            }
            Plan::Delete(pods) => {
                self.refused.clear(key);
                let deletions = pods
                    .iter()
                    .map(|pod| pod_control::delete_pod(cx, owner, pod));
                let failures = join_all(deletions).await.into_iter();
                let mut failures = failures.filter_map(Result::err);
                let failure = failures.find(|status| status.reason != Reason::NotFound);
                failure.map_or(Ok(()), Err)
            }
        }
    }

    /// The pods of all sets that have the same owner as this one: of two on one node, one is to go first.
    fn related_pods(&self, cx: &Context, set: &Cached) -> Vec<Arc<Cached>> {
        let owner = set.meta.controller_uid();
        if owner.is_empty() {
            return Vec::new();
        }
        let namespace = &set.meta.namespace;
        let sets = cx.cache.controlled_by(self.kind.resource, namespace, owner);
        let sets = sets.iter();
        let pods = sets.flat_map(|set| cx.cache.controlled_by(&PODS, namespace, &set.meta.uid));
        pods.collect()
    }
}

/// How many pods of a set are being deleted.
fn count_terminating(cx: &Context, owner: &Owning, set: &Set) -> usize {
    let about = &owner.reference;
    let pods = cx.cache.controlled_by(&PODS, &about.namespace, &about.uid);
    let counted = pods
        .iter()
        .filter(|pod| pod_control::is_terminating(pod) && pod.meta.is_selected_by(&set.selector));
    counted.count()
}

/// Whether a change of a pod can change what its set does or tells.
fn is_relevant(old: &Cached, new: &Cached) -> bool {
    let state = |pod: &Cached| {
        let state = pod.pod.as_ref();
        state.map(|state| (state.phase, state.ready_since))
    };
    old.meta.uid != new.meta.uid
        || old.meta.deleted != new.meta.deleted
        || state(old) != state(new)
        || old.meta.labels != new.meta.labels
        || old.meta.owners != new.meta.owners
}

impl Controller for ReplicaSets {
    fn name(&self) -> &'static str {
        self.kind.name
    }

    fn identity(&self) -> Identity {
        Identity::controller(self.kind.component)
    }

    fn component(&self) -> &'static str {
        self.kind.component
    }

    fn watches(&self) -> Watched {
        let mut watched = vec![self.kind.resource, &PODS];
        watched.extend(Refused::WATCHES);
        Watched::These(watched)
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(self.kind.resource) {
            self.owners.owner_changed(change, queue);
        } else if change.is_of(&PODS) {
            let both = change.old.zip(change.new);
            if both.is_some_and(|(old, new)| !is_relevant(old, new)) {
                return;
            }
            let queue = &mut Gathering::of(change, cache, queue);
            self.owners.dependent_changed(change, cache, queue);
        } else {
            self.refused.concerns(change, queue);
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.sync(context, key))
    }
}
