//! A pod that was to be disrupted and was not: after a while it is said no more.

use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::Cached;
use crate::gone;
use crate::moment::until;
use crate::resources::PODS;
use tollgate_api::client::{PatchKind, Target};
use tollgate_api::{Timestamp, Value};

/// The kind of keys of such pods.
pub(super) const KIND: &str = "pod";
/// How long it may be said, in seconds.
const TIMEOUT: i64 = 2 * 60;

/// Since when a pod that lives on is said to be disrupted.
pub(super) fn since(pod: &Cached) -> Option<Timestamp> {
    let state = pod.pod.as_ref()?;
    let lives = pod.meta.deleted.is_none() && !state.phase.is_terminal();
    state.disrupted_since.filter(|_| lives)
}

pub(super) async fn sync(cx: &Context, key: &Key) -> Outcome {
    let Some(pod) = cx.cache.get(&PODS, &key.namespace, &key.name) else {
        return Ok(Requeue::No);
    };
    let Some(since) = since(&pod) else {
        return Ok(Requeue::No);
    };
    let due = since.saturating_add_seconds(TIMEOUT);
    if due > cx.now {
        return Ok(Requeue::After(until(due, cx.now)));
    }
    let mut condition = Value::from_iter([("type", "DisruptionTarget"), ("status", "False")]);
    condition.set("lastTransitionTime", cx.now.to_string());
    condition.set("reason", Value::Null);
    condition.set("message", Value::Null);
    let mut patch = Value::object();
    patch.child_mut("metadata").set("uid", pod.meta.uid.clone());
    patch.child_mut("status").set("conditions", vec![condition]);
    let target = Target::object(&PODS, &key.namespace, &key.name).sub("status");
    gone::outcome(cx.patch(target, PatchKind::Strategic, patch).await)
}
