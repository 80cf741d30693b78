//! What becomes of a claim.

use super::matching::{self, is_for};
use super::{BIND_COMPLETED, BOUND_BY_CONTROLLER, annotate, annotation, class_of, meta, provision};
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::events::{EventType, Reference};
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES};
use crate::scheduler::volumes::SELECTED_NODE;
use tollgate_api::{Status, Value};

const LOST: &str = "Data on the volume is lost!";

/// Brings a claim to its volume. The first part tells whether it waits for one.
pub(super) async fn bring(context: &Context, key: &Key) -> (bool, Outcome) {
    let claim = context
        .cache
        .get(&PERSISTENT_VOLUME_CLAIMS, &key.namespace, &key.name);
    let Some(claim) = claim else {
        return (false, Ok(Requeue::No));
    };
    let result = match claim.object() {
        Ok(claim) if annotation(&claim, BIND_COMPLETED).is_some() => {
            check_bound(context, claim).await.map(|()| false)
        }
        Ok(claim) => find(context, claim).await,
        Err(status) => Err(status),
    };
    match result {
        Ok(waits) => (waits, Ok(Requeue::No)),
        Err(status) => (true, Err(status)),
    }
}

fn volume_name(claim: &Value) -> &str {
    let name = claim.at(&["spec", "volumeName"]).and_then(Value::as_str);
    name.unwrap_or_default()
}

fn volume(context: &Context, name: &str) -> Result<Option<Value>, Status> {
    let volume = context.cache.get(&PERSISTENT_VOLUMES, "", name);
    volume.map(|volume| volume.object()).transpose()
}

/// A claim that was bound stays so, unless its volume is lost.
async fn check_bound(context: &Context, claim: Value) -> Result<(), Status> {
    let name = volume_name(&claim);
    if name.is_empty() {
        return lose(
            context,
            claim,
            "ClaimLost",
            "Bound claim has lost reference to PersistentVolume.",
        )
        .await;
    }
    let Some(volume) = volume(context, name)? else {
        return lose(
            context,
            claim,
            "ClaimLost",
            "Bound claim has lost its PersistentVolume.",
        )
        .await;
    };
    if volume.at(&["spec", "claimRef"]).is_none() || is_for(&volume, &claim) {
        return bind(context, claim, volume).await;
    }
    let about = Reference::of(&claim);
    let message = "Two claims are bound to the same volume, this one is bound incorrectly";
    if set_phase(context, claim, "Lost").await? {
        context.event(about, EventType::Warning, "ClaimMisbound", message);
    }
    Ok(())
}

async fn lose(context: &Context, claim: Value, reason: &str, what: &str) -> Result<(), Status> {
    let about = Reference::of(&claim);
    if set_phase(context, claim, "Lost").await? {
        context.event(about, EventType::Warning, reason, format!("{what} {LOST}"));
    }
    Ok(())
}

/// Sets the phase of a claim; tells whether it was another one.
async fn set_phase(context: &Context, mut claim: Value, phase: &str) -> Result<bool, Status> {
    if claim.at(&["status", "phase"]).and_then(Value::as_str) == Some(phase) {
        return Ok(false);
    }
    claim.child_mut("status").set("phase", phase);
    context
        .update(&PERSISTENT_VOLUME_CLAIMS, "status", claim)
        .await?;
    Ok(true)
}

/// Looks for a volume for a claim; tells whether it has to wait for one.
async fn find(context: &Context, claim: Value) -> Result<bool, Status> {
    if claim.at(&["metadata", "deletionTimestamp"]).is_some() {
        return Ok(false);
    }
    let name = volume_name(&claim);
    if !name.is_empty() {
        let chosen = volume(context, name)?;
        let chosen = chosen
            .filter(|volume| volume.at(&["spec", "claimRef"]).is_none() || is_for(volume, &claim));
        let chosen = chosen.filter(|volume| {
            let is_right = class_of(volume) == class_of(&claim) && matching::suits(volume, &claim);
            if !is_right {
                let message = "Cannot bind to requested volume \"".to_owned()
                    + name
                    + "\": requested PV does not match the claim";
                context.event(
                    Reference::of(&claim),
                    EventType::Warning,
                    "VolumeMismatch",
                    message,
                );
            }
            is_right
        });
        return match chosen {
            Some(volume) => bind(context, claim, volume).await.map(|()| false),
            None => set_phase(context, claim, "Pending").await.map(|_| true),
        };
    }
    let class = context.cache.get(&STORAGE_CLASSES, "", class_of(&claim));
    let class = class.map(|class| class.object()).transpose()?;
    let waits_for_node = class
        .as_ref()
        .is_some_and(|class| class.str("volumeBindingMode") == Some("WaitForFirstConsumer"))
        && annotation(&claim, SELECTED_NODE).is_none();
    let volumes = context.cache.list(&PERSISTENT_VOLUMES, "");
    let volumes: Result<Vec<Value>, Status> =
        volumes.iter().map(|volume| volume.object()).collect();
    let volumes = volumes?;
    if let Some(volume) = matching::choose(&volumes, &claim, waits_for_node) {
        bind(context, claim, volume.clone()).await?;
        return Ok(false);
    }
    let about = Reference::of(&claim);
    let tell = |event_type, reason, message: String| {
        context.event(about.clone(), event_type, reason, message);
    };
    if waits_for_node {
        let message = "waiting for first consumer to be created before binding";
        tell(
            EventType::Normal,
            "WaitForFirstConsumer",
            message.to_owned(),
        );
    } else if let Some(class) = class {
        provision::provision(context, &claim, &class).await?;
        return Ok(true);
    } else if class_of(&claim).is_empty() {
        let message = "no persistent volumes available for this claim and no storage class is set";
        tell(EventType::Normal, "FailedBinding", message.to_owned());
    } else {
        let message = format!(
            "storageclass.storage.k8s.io \"{}\" not found",
            class_of(&claim)
        );
        tell(EventType::Warning, "ProvisioningFailed", message);
    }
    set_phase(context, claim, "Pending").await.map(|_| true)
}

/// Binds both to each other, as far as they are not.
async fn bind(context: &Context, claim: Value, mut volume: Value) -> Result<(), Status> {
    let wanted = volume.at(&["spec", "claimRef"]);
    if wanted.and_then(|wanted| wanted.str("uid")) != Some(meta(&claim, "uid")) {
        if wanted.is_none() {
            annotate(&mut volume, BOUND_BY_CONTROLLER, "yes");
        }
        let reference = provision::claim_reference(&claim);
        volume.child_mut("spec").set("claimRef", reference);
        volume = context
            .update(&PERSISTENT_VOLUMES, "", volume)
            .await?
            .parse()?;
    }
    if volume.at(&["status", "phase"]).and_then(Value::as_str) != Some("Bound") {
        set_volume_phase(context, &mut volume, "Bound").await?;
    }
    let mut bound = claim.clone();
    let name = meta(&volume, "name");
    if volume_name(&claim) != name {
        bound.child_mut("spec").set("volumeName", name);
        annotate(&mut bound, BOUND_BY_CONTROLLER, "yes");
    }
    annotate(&mut bound, BIND_COMPLETED, "yes");
    if bound != claim {
        bound = context
            .update(&PERSISTENT_VOLUME_CLAIMS, "", bound)
            .await?
            .parse()?;
    }
    set_bound(context, bound, &volume).await
}

async fn set_volume_phase(
    context: &Context,
    volume: &mut Value,
    phase: &str,
) -> Result<(), Status> {
    let changed = super::volume::with_phase(volume.clone(), phase, context.now);
    let written = context
        .update(&PERSISTENT_VOLUMES, "status", changed)
        .await?;
    *volume = written.parse()?;
    Ok(())
}

/// The status of a claim says what its volume has; what it had once it keeps, as somebody else enlarges it.
async fn set_bound(context: &Context, mut claim: Value, volume: &Value) -> Result<(), Status> {
    if claim.at(&["status", "phase"]).and_then(Value::as_str) == Some("Bound") {
        return Ok(());
    }
    let none = Value::Null;
    let spec = volume.get("spec").unwrap_or(&none);
    let attributes = claim.at(&["spec", "volumeAttributesClassName"]).cloned();
    let status = claim.child_mut("status");
    status.set("phase", "Bound");
    for key in ["accessModes", "capacity"] {
        status.set(key, spec.get(key).cloned().unwrap_or_default());
    }
    if let Some(attributes) = attributes {
        status.set("currentVolumeAttributesClassName", attributes);
    }
    context
        .update(&PERSISTENT_VOLUME_CLAIMS, "status", claim)
        .await?;
    Ok(())
}
