//! What claims need: consumers that are gone are forgotten, and with the last one what was allocated; claims that were made for
//! a pod go when it has ended.

use super::is_done;
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::Cached;
use crate::gone;
use crate::resources::{PODS, RESOURCE_CLAIMS};
use tollgate_api::client::Deletion;
use tollgate_api::status::Reason;
use tollgate_api::{Status, Value};

/// What holds a claim that is allocated.
const FINALIZER: &str = "resource.kubernetes.io/delete-protection";

pub(super) async fn settle(context: &Context, key: &Key) -> Outcome {
    let cached = context
        .cache
        .get(&RESOURCE_CLAIMS, &key.namespace, &key.name);
    let Some(cached) = cached else {
        return Ok(Requeue::No);
    };
    let claim = cached.object()?;
    let consumers = claim
        .get("status")
        .map_or(&[][..], |status| status.items("reservedFor"));
    let mut valid = Vec::new();
    for consumer in consumers {
        if is_there(context, &key.namespace, consumer).await? {
            valid.push(consumer.clone());
        }
    }
    let is_held = cached.meta.has_finalizer(FINALIZER);
    let is_freed = valid.len() < consumers.len();
    let is_leaving = is_held && cached.meta.deleted.is_some() && valid.is_empty();
    let is_unused = valid.is_empty();
    if is_freed || is_leaving {
        return free(context, claim, valid, is_held).await;
    }
    if is_unused {
        return delete_with_pod(context, &cached).await;
    }
    Ok(Requeue::No)
}

/// Whether a consumer is there and may still run. What the cache does not know is asked of the API.
async fn is_there(context: &Context, namespace: &str, consumer: &Value) -> Result<bool, Status> {
    if !consumer.str_or_empty("apiGroup").is_empty() || consumer.str("resource") != Some("pods") {
        return Err(Status::plain(format!(
            "unsupported ReservedFor entry: {consumer}"
        )));
    }
    let (name, uid) = (consumer.str_or_empty("name"), consumer.str("uid"));
    if let Some(pod) = context.cache.get(&PODS, namespace, name) {
        return Ok(uid == Some(&pod.meta.uid) && !is_done(&pod));
    }
    match context.get(&PODS, namespace, name).await {
        Err(status) if status.reason == Reason::NotFound => Ok(false),
        pod => Ok(pod?.at(&["metadata", "uid"]).and_then(Value::as_str) == uid),
    }
}

/// Forgets consumers; with the last one the claim is allocated no more, and nothing holds it.
async fn free(context: &Context, mut claim: Value, valid: Vec<Value>, is_held: bool) -> Outcome {
    let ends = valid.is_empty() && is_held;
    let status = claim.child_mut("status");
    let consumers = status.items("reservedFor").len();
    let mut has_changed = valid.len() < consumers;
    if valid.is_empty() {
        status.remove("reservedFor");
    } else {
        status.set("reservedFor", Value::Array(valid));
    }
    if ends {
        has_changed |= status.remove("allocation").is_some();
    }
    if has_changed {
        claim = context
            .update(&RESOURCE_CLAIMS, "status", claim)
            .await?
            .parse()?;
    }
    if ends {
        let metadata = claim.child_mut("metadata");
        let mut finalizers = metadata.items("finalizers").to_vec();
        finalizers.retain(|known| known.as_str() != Some(FINALIZER));
        metadata.set("finalizers", Value::Array(finalizers));
        match context.update(&RESOURCE_CLAIMS, "", claim).await {
            Err(status) if status.reason != Reason::NotFound => return Err(status),
            _ => {}
        }
    }
    Ok(Requeue::No)
}

/// Deletes a claim that was made for a pod which has ended. If the pod is gone, the garbage collector does.
async fn delete_with_pod(context: &Context, claim: &Cached) -> Outcome {
    let owner = claim.meta.controller();
    let owner = owner.filter(|owner| owner.kind == "Pod" && owner.api_version == "v1");
    let Some(owner) = owner.filter(|_| claim.meta.deleted.is_none()) else {
        return Ok(Requeue::No);
    };
    let namespace = &claim.meta.namespace;
    let pod = context.cache.get(&PODS, namespace, &owner.name);
    if !pod.is_some_and(|pod| pod.meta.uid != owner.uid || is_done(&pod)) {
        return Ok(Requeue::No);
    }
    let deletion = Deletion {
        uid: Some(claim.meta.uid.clone()),
        ..Deletion::default()
    };
    let deleted = context.delete(&RESOURCE_CLAIMS, namespace, &claim.meta.name, deletion);
    gone::outcome(deleted.await)
}
