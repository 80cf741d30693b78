//! What becomes of a volume.

use super::provision::is_simulated;
use super::{BOUND_BY_CONTROLLER, PROVISIONED_BY, annotation, meta};
use crate::context::Context;
use crate::controller::{Outcome, Requeue};
use crate::events::{EventType, Reference};
use crate::gone;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES};
use tollgate_api::client::Deletion;
use tollgate_api::status::Reason;
use tollgate_api::{Status, Timestamp, Value};

/// Brings a volume to the phase that its claim calls for; one that has lost its claim is kept or removed.
pub(super) async fn bring(context: &Context, name: &str) -> Outcome {
    let Some(volume) = context.cache.get(&PERSISTENT_VOLUMES, "", name) else {
        return Ok(Requeue::No);
    };
    let volume = volume.object()?;
    let Some(wanted) = volume.at(&["spec", "claimRef"]).cloned() else {
        return set_phase(context, volume, "Available")
            .await
            .map(|_| Requeue::No);
    };
    let uid = wanted.str_or_empty("uid");
    if uid.is_empty() {
        return set_phase(context, volume, "Available")
            .await
            .map(|_| Requeue::No);
    }
    let (namespace, claim) = (
        wanted.str_or_empty("namespace"),
        wanted.str_or_empty("name"),
    );
    let found = match context
        .cache
        .get(&PERSISTENT_VOLUME_CLAIMS, namespace, claim)
    {
        Some(found) if found.meta.uid == uid => Some(found.object()?),
        // The cache of claims may be behind that of volumes: only the API knows that a claim is gone.
        _ => live_claim(context, namespace, claim, uid).await?,
    };
    let Some(claim) = found else {
        let phase = volume.at(&["status", "phase"]).and_then(Value::as_str);
        let is_over = matches!(phase, Some("Released" | "Failed"));
        let volume = if is_over {
            volume
        } else {
            set_phase(context, volume, "Released").await?
        };
        return reclaim(context, volume).await.map(|()| Requeue::No);
    };
    let chosen = claim.at(&["spec", "volumeName"]).and_then(Value::as_str);
    match chosen.unwrap_or_default() {
        // The claim is told of it by a look at the claim.
        "" => Ok(Requeue::No),
        chosen if chosen == name => set_phase(context, volume, "Bound")
            .await
            .map(|_| Requeue::No),
        _ => release(context, volume).await.map(|()| Requeue::No),
    }
}

async fn live_claim(
    context: &Context,
    namespace: &str,
    name: &str,
    uid: &str,
) -> Result<Option<Value>, Status> {
    match context
        .get(&PERSISTENT_VOLUME_CLAIMS, namespace, name)
        .await
    {
        Ok(claim) => Ok((meta(&claim, "uid") == uid).then_some(claim)),
        Err(status) if status.reason == Reason::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}

/// The volume with another phase.
pub(super) fn with_phase(mut volume: Value, phase: &str, now: Timestamp) -> Value {
    let status = volume.child_mut("status");
    status.set("phase", phase);
    status.set("lastPhaseTransitionTime", now.to_string());
    status.remove("message");
    volume
}

async fn set_phase(context: &Context, volume: Value, phase: &str) -> Result<Value, Status> {
    if volume.at(&["status", "phase"]).and_then(Value::as_str) == Some(phase) {
        return Ok(volume);
    }
    let changed = with_phase(volume, phase, context.now);
    let written = context
        .update(&PERSISTENT_VOLUMES, "status", changed)
        .await?;
    written.parse()
}

/// The claim that a volume was kept for has another volume: one that was made for it goes, others are free again.
async fn release(context: &Context, mut volume: Value) -> Result<(), Status> {
    let deletes = policy(&volume) == "Delete";
    if deletes && annotation(&volume, PROVISIONED_BY).is_some() {
        let volume = set_phase(context, volume, "Released").await?;
        return reclaim(context, volume).await;
    }
    if annotation(&volume, BOUND_BY_CONTROLLER).is_some() {
        volume.child_mut("spec").remove("claimRef");
        let metadata = volume.child_mut("metadata");
        metadata
            .child_mut("annotations")
            .remove(BOUND_BY_CONTROLLER);
    } else {
        volume.child_mut("spec").child_mut("claimRef").remove("uid");
    }
    context.update(&PERSISTENT_VOLUMES, "", volume).await?;
    Ok(())
}

fn policy(volume: &Value) -> &str {
    let policy = volume.at(&["spec", "persistentVolumeReclaimPolicy"]);
    policy.and_then(Value::as_str).unwrap_or("Retain")
}

/// Removes a volume whose policy says so, if it is one that can be removed here.
async fn reclaim(context: &Context, volume: Value) -> Result<(), Status> {
    if policy(&volume) != "Delete" || volume.at(&["metadata", "deletionTimestamp"]).is_some() {
        return Ok(());
    }
    if is_simulated(&volume) {
        let deletion = Deletion {
            uid: Some(meta(&volume, "uid").into()),
            ..Deletion::default()
        };
        let name = meta(&volume, "name");
        let deleted = context.delete(&PERSISTENT_VOLUMES, "", name, deletion);
        return gone::passed_over(deleted.await);
    }
    let is_elsewhere =
        annotation(&volume, PROVISIONED_BY).is_some() || volume.at(&["spec", "csi"]).is_some();
    let has_failed = volume.at(&["status", "phase"]).and_then(Value::as_str) == Some("Failed");
    if is_elsewhere || has_failed {
        return Ok(());
    }
    let about = Reference::of(&volume);
    let name = meta(&volume, "name").to_owned();
    let why = format!(
        "error getting deleter volume plugin for volume \"{name}\": no deletable volume plugin matched"
    );
    let mut failed = with_phase(volume, "Failed", context.now);
    failed.child_mut("status").set("message", why.as_str());
    context
        .update(&PERSISTENT_VOLUMES, "status", failed)
        .await?;
    context.event(about, EventType::Warning, "VolumeFailedDelete", why);
    Ok(())
}
