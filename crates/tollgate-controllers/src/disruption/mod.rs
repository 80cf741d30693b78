//! disruption-controller: how many pods of a PodDisruptionBudget may be evicted now.
//!
//! Upstream: `pkg/controller/disruption`. Whether a pod is evicted is decided by the API, which also counts down what this
//! controller allows.

mod budget;
mod scale;
mod stale;
mod sync;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Watched};
use crate::driver::{Cache, Cached};
use crate::gathering::Gathering;
use crate::resources::{
    DEPLOYMENTS, POD_DISRUPTION_BUDGETS, PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS,
};
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};

/// The controller.
#[derive(Debug)]
pub struct Disruption;

impl Controller for Disruption {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("disruption-controller")
    }

    fn component(&self) -> &'static str {
        "controllermanager"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![
            &POD_DISRUPTION_BUDGETS,
            &PODS,
            &REPLICATION_CONTROLLERS,
            &DEPLOYMENTS,
            &REPLICA_SETS,
            &STATEFUL_SETS,
        ])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&POD_DISRUPTION_BUDGETS) {
            if let Some(budget) = change.new {
                queue.add(Key::of(budget));
            }
        } else if change.is_of(&PODS) {
            let queue = &mut Gathering::of(change, cache, queue);
            pod_changed(change, cache, queue);
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        if key.kind == stale::KIND {
            return Box::pin(stale::sync(context, key));
        }
        Box::pin(sync::sync(context, key))
    }
}

/// What a budget asks of a pod.
fn counts(pod: &Arc<Cached>) -> (bool, bool, &Value, &str) {
    let is_ready = pod.pod.as_ref().is_some_and(|pod| pod.is_ready());
    let is_dying = pod.meta.deleted.is_some();
    (
        is_ready,
        is_dying,
        &pod.meta.labels,
        pod.meta.controller_uid(),
    )
}

fn pod_changed(change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
    let Some(pod) = change.object() else {
        return;
    };
    if change.new.is_some_and(|pod| stale::since(pod).is_some()) {
        queue.add(Key::of_kind(
            stale::KIND,
            &pod.meta.namespace,
            &pod.meta.name,
        ));
    }
    if change.old.map(counts) == change.new.map(counts) {
        return;
    }
    for budget in cache.list(&POD_DISRUPTION_BUDGETS, &pod.meta.namespace) {
        let Ok(object) = budget.object_to_read() else {
            continue;
        };
        let either = change.old.into_iter().chain(change.new);
        if either.into_iter().any(|pod| budget::selects(&object, pod)) {
            queue.add(Key::of(&budget));
        }
    }
}
