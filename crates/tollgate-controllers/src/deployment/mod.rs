//! deployment-controller: a ReplicaSet for each template, and rollouts from one to the next.
//!
//! Upstream: `pkg/controller/deployment`. What is to be done is decided by values alone (`rolling`, `proportion`,
//! `revision`, `status`); `sync` reads, writes and tells.

mod conditions;
mod hash;
mod model;
mod proportion;
mod revision;
mod rolling;
mod status;
mod sync;
mod template;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Watched};
use crate::driver::{Cache, Cached};
use crate::owners::Owners;
use crate::refused::Refused;
use crate::resources::{DEPLOYMENTS, PODS, REPLICA_SETS};
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};

/// The controller.
#[derive(Debug)]
pub struct Deployments {
    owners: Owners,
    refused: Refused,
}

impl Default for Deployments {
    fn default() -> Self {
        let selector = |object: &Value| {
            let selector = object.at(&["spec", "selector"]);
            selector.cloned().unwrap_or_default()
        };
        Self {
            owners: Owners::new(&DEPLOYMENTS, "Deployment", selector),
            refused: Refused::default(),
        }
    }
}

/// The ReplicaSet of a pod that is gone, if that was its last.
fn emptied(change: &Change<'_>, cache: &Cache) -> Option<std::sync::Arc<Cached>> {
    let pod = change.old.filter(|_| change.new.is_none())?;
    let owner = pod.meta.controller()?;
    let namespace = &pod.meta.namespace;
    let set = cache.get(&REPLICA_SETS, namespace, &owner.name)?;
    let is_empty = !cache.is_controller(&PODS, namespace, &owner.uid);
    (set.meta.uid == owner.uid && is_empty).then_some(set)
}

impl Controller for Deployments {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("deployment-controller")
    }

    fn component(&self) -> &'static str {
        "deployment-controller"
    }

    fn watches(&self) -> Watched {
        let mut watched = vec![&DEPLOYMENTS, &REPLICA_SETS, &PODS];
        watched.extend(Refused::WATCHES);
        Watched::These(watched)
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&DEPLOYMENTS) {
            self.owners.owner_changed(change, queue);
        } else if change.is_of(&REPLICA_SETS) {
            self.owners.dependent_changed(change, cache, queue);
        } else if change.is_of(&PODS) {
            // A recreation waits until the last old pod is gone.
            if let Some(set) = emptied(change, cache)
                && let Some(key) = self.owners.key_of(&set, cache)
            {
                queue.add(key);
            }
        } else {
            self.refused.concerns(change, queue);
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(sync::sync(&self.refused, context, key))
    }
}
