//! namespace-controller: empties namespaces that are being deleted, then lets them go.
//!
//! Upstream: `pkg/controller/namespace`. Upstream looks again after an estimated time; here the end of the last object of a
//! resource in a terminating namespace has it looked at, too, so that nobody waits for longer than the content takes to go.
//! Each look reads all that is left, so it would be too dear for every object.

mod conditions;
mod content;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::gone;
use crate::resources::NAMESPACES;
use content::{Found, Left};
use std::time::Duration;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::status::Reason;
use tollgate_api::{Status, Value};

/// The finalizer of this controller.
const FINALIZER: &str = "kubernetes";
/// How long ends of objects are gathered before a namespace is looked at again.
const GATHERING: Duration = Duration::from_millis(100);

/// The controller.
#[derive(Debug)]
pub struct Namespaces;

impl Controller for Namespaces {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("namespace-controller")
    }

    fn component(&self) -> &'static str {
        "namespace-controller"
    }

    fn watches(&self) -> Watched {
        Watched::Everything
    }

    fn workers(&self) -> usize {
        10
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&NAMESPACES) {
            // What this controller itself writes into the status must not make it try again at once.
            if let Some(new) = change.new.filter(|new| new.meta.deleted.is_some())
                && !change
                    .old
                    .is_some_and(|old| old.meta.uid == new.meta.uid && old.meta.deleted.is_some())
            {
                queue.add(Key::of(new));
            }
            return;
        }
        let gone = change.old.filter(|_| change.new.is_none());
        if let Some(gone) = gone.filter(|gone| !gone.meta.namespace.is_empty())
            && let Some(namespace) = cache.get(&NAMESPACES, "", &gone.meta.namespace)
            && namespace.meta.deleted.is_some()
            && !cache.has_any(change.resource, &gone.meta.namespace)
        {
            queue.add_after(Key::of(&namespace), GATHERING);
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(end(context, &key.name))
    }
}

async fn end(context: &Context, name: &str) -> Outcome {
    let namespace = match context.get(&NAMESPACES, "", name).await {
        Ok(namespace) => namespace,
        Err(status) if status.reason == Reason::NotFound => return Ok(Requeue::No),
        Err(status) => return Err(status),
    };
    let is_finalized = namespace
        .get("spec")
        .is_none_or(|spec| spec.items("finalizers").is_empty());
    if namespace.at(&["metadata", "deletionTimestamp"]).is_none() || is_finalized {
        return Ok(Requeue::No);
    }
    let found = content::delete_all(context, name, &namespace).await;
    let namespace = tell(context, namespace, &found).await?;
    if let Some(failure) = found.failures.into_iter().next() {
        return Err(failure);
    }
    match found.left {
        Left::Nothing => finalize(context, namespace).await,
        Left::For(seconds) => {
            let seconds = u64::try_from(seconds).unwrap_or_default();
            Ok(Requeue::After(Duration::from_secs(
                (seconds / 2).saturating_add(1),
            )))
        }
    }
}

/// Writes down in the namespace what is left, if that is not what stands there.
async fn tell(context: &Context, mut namespace: Value, found: &Found) -> Result<Value, Status> {
    if !conditions::update(&mut namespace, found, context.now) {
        return Ok(namespace);
    }
    match context.update(&NAMESPACES, "status", namespace).await {
        Ok(written) => written.parse(),
        Err(status) => Err(status),
    }
}

/// Takes this controller's finalizer away; with the last one the namespace goes.
async fn finalize(context: &Context, mut namespace: Value) -> Outcome {
    let spec = namespace.child_mut("spec");
    let others = spec.items("finalizers").iter();
    let others: Vec<Value> = others
        .filter(|finalizer| finalizer.as_str() != Some(FINALIZER))
        .cloned()
        .collect();
    spec.set("finalizers", Value::Array(others));
    gone::outcome(context.update(&NAMESPACES, "finalize", namespace).await)
}
