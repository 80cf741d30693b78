//! statefulset-controller: numbered pods that keep their names and claims.
//!
//! Upstream: `pkg/controller/statefulset`

mod act;
mod claims;
mod plan;
mod pod;
mod set;
mod status;
mod sync;

#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Watched};
use crate::driver::Cache;
use crate::owners::Owners;
use crate::refused::Refused;
use crate::resources::{CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS};
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};

/// The controller.
#[derive(Debug)]
pub struct StatefulSets {
    owners: Owners,
    refused: Refused,
}

impl Default for StatefulSets {
    fn default() -> Self {
        Self {
            owners: Owners::new(&STATEFUL_SETS, "StatefulSet", selector),
            refused: Refused::default(),
        }
    }
}

fn selector(set: &Value) -> Value {
    set.at(&["spec", "selector"]).cloned().unwrap_or_default()
}

impl Controller for StatefulSets {
    fn name(&self) -> &'static str {
        "statefulset-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("statefulset-controller")
    }

    fn component(&self) -> &'static str {
        "statefulset-controller"
    }

    fn watches(&self) -> Watched {
        let mut watched = vec![
            &STATEFUL_SETS,
            &PODS,
            &CONTROLLER_REVISIONS,
            &PERSISTENT_VOLUME_CLAIMS,
        ];
        watched.extend(Refused::WATCHES);
        Watched::These(watched)
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        self.refused.concerns(change, queue);
        if change.is_of(&STATEFUL_SETS) {
            self.owners.owner_changed(change, queue);
        } else if change.is_of(&PODS) || change.is_of(&CONTROLLER_REVISIONS) {
            self.owners.dependent_changed(change, cache, queue);
        } else if change.is_of(&PERSISTENT_VOLUME_CLAIMS)
            && let (Some(gone), None) = (change.old, change.new)
        {
            // A pod may wait for the claim of an earlier one to go.
            for set in cache.list(&STATEFUL_SETS, &gone.meta.namespace) {
                queue.add(Key::of(&set));
            }
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.sync(context, key))
    }
}
