//! resourceclaim-controller: pods get the claims that their templates describe, and claims are let go of when the pods that have
//! them have ended.
//!
//! Upstream: `pkg/controller/resourceclaim/controller.go`

mod claims;
mod pods;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Watched};
use crate::driver::{Cache, Cached};
use crate::resources::{PODS, RESOURCE_CLAIM_TEMPLATES, RESOURCE_CLAIMS};
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};

/// The work on a pod. All other work is on a claim.
const POD: &str = "pod";
/// The annotation of a claim that says for which entry of its pod it was made.
const POD_CLAIM_NAME: &str = "resource.kubernetes.io/pod-claim-name";

/// Where a pod asks for claims, as it stands in the JSON. Hardly any does, and pods are many.
const ENTRIES: &str = "\"resourceClaims\"";

/// The controller.
#[derive(Debug)]
pub struct ResourceClaims;

/// Whether nothing of a pod runs, and nothing ever will.
fn is_done(pod: &Cached) -> bool {
    let is_placed = pod.pod.as_ref().is_some_and(|state| !state.node.is_empty());
    pod.phase().is_terminal() || pod.meta.deleted.is_some() && !is_placed
}

/// The claim of an entry of a pod, and whether it must be the pod's own; none if it is not made yet. An empty name: it needs none.
fn named<'v>(pod: &'v Value, entry: &'v Value) -> Option<(&'v str, bool)> {
    if let Some(name) = entry.str("resourceClaimName") {
        return Some((name, false));
    }
    let status = pod.get("status")?;
    let mut statuses = status.items("resourceClaimStatuses").iter();
    let made = statuses.find(|made| made.str("name") == entry.str("name"))?;
    Some((made.str_or_empty("resourceClaimName"), true))
}

/// The entries of a pod.
fn entries(pod: &Value) -> &[Value] {
    pod.get("spec")
        .map_or(&[], |spec| spec.items("resourceClaims"))
}

impl Controller for ResourceClaims {
    fn name(&self) -> &'static str {
        "resourceclaim-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("resource-claim-controller")
    }

    fn component(&self) -> &'static str {
        "resource_claim"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&PODS, &RESOURCE_CLAIMS, &RESOURCE_CLAIM_TEMPLATES])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        if change.is_of(&PODS) {
            if object.mentions(ENTRIES) {
                concerns_of_pod(change, object, cache, queue);
            }
        } else if change.is_of(&RESOURCE_CLAIMS) {
            if change.new.is_some() {
                queue.add(Key::of(object));
            } else if let Some(owner) = object.meta.controller().filter(|owner| owner.kind == "Pod")
            {
                queue.add(Key::of_kind(POD, &object.meta.namespace, &owner.name));
            }
        } else if change.old.is_none() {
            // Pods may wait for the template.
            for pod in cache.list(&PODS, &object.meta.namespace) {
                if pod.mentions(ENTRIES) {
                    queue.add(Key::of_kind(POD, &pod.meta.namespace, &pod.meta.name));
                }
            }
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        if key.kind == POD {
            return Box::pin(pods::settle(context, key));
        }
        Box::pin(claims::settle(context, key))
    }
}

fn concerns_of_pod(change: &Change<'_>, pod: &Arc<Cached>, cache: &Cache, queue: &mut dyn Enqueue) {
    let namespace = &pod.meta.namespace;
    if change.new.is_some() {
        queue.add(Key::of_kind(POD, namespace, &pod.meta.name));
    }
    if change.new.is_some_and(|pod| !is_done(pod)) {
        return;
    }
    for claim in cache.controlled_by(&RESOURCE_CLAIMS, namespace, &pod.meta.uid) {
        queue.add(Key::of(&claim));
    }
    let Ok(object) = pod.object() else {
        return;
    };
    for entry in entries(&object) {
        if let Some((name, _)) = named(&object, entry) {
            queue.add(Key::new(namespace, name));
        }
    }
}
