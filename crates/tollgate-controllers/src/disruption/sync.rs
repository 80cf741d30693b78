//! Brings one PodDisruptionBudget to where it should be.

use super::budget::{self, Disrupted};
use super::scale::{self, Scale};
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::Cached;
use crate::events::{EventType, Reference};
use crate::moment::until;
use crate::pod_control::Owning;
use crate::resources::{POD_DISRUPTION_BUDGETS, PODS};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::status::Reason;
use tollgate_api::{Status, Value};

pub(super) async fn sync(cx: &Context, key: &Key) -> Outcome {
    let Some(cached) = cx
        .cache
        .get(&POD_DISRUPTION_BUDGETS, &key.namespace, &key.name)
    else {
        return Ok(Requeue::No);
    };
    let object = cached.object()?;
    let owner = Owning::new(&POD_DISRUPTION_BUDGETS, "PodDisruptionBudget", &cached);
    match reckon(cx, &owner, &object).await {
        Ok(recheck) => Ok(recheck.map_or(Requeue::No, Requeue::After)),
        Err(status) if status.reason == Reason::Conflict => Err(status),
        // What cannot be reckoned allows nothing until something changes.
        Err(why) => {
            let status = budget::failed(&object, &why.message, cx.now);
            write(cx, &object, status).await?;
            Ok(Requeue::No)
        }
    }
}

/// Reckons what a budget allows. Returns after which time it allows something else.
async fn reckon(cx: &Context, owner: &Owning, object: &Value) -> Result<Option<Duration>, Status> {
    let pods = cx.cache.list(&PODS, &owner.reference.namespace);
    let selected = pods.into_iter().filter(|pod| budget::selects(object, pod));
    let pods: Vec<Arc<Cached>> = selected.collect();
    if pods.is_empty() {
        owner.event(cx, EventType::Normal, "NoPods", "No matching pods found");
    }
    let numbers = match expected(cx, object, &pods).await {
        Ok((numbers, scale)) => {
            if scale.has_unmanaged {
                tell_unmanaged(cx, owner, object);
            }
            numbers
        }
        Err(status) => {
            let message = format!("Failed to calculate the number of expected pods: {status}");
            let reason = "CalculateExpectedPodCountFailed";
            owner.event(cx, EventType::Warning, reason, message);
            return Err(status);
        }
    };
    let before = object.get("status").unwrap_or(&Value::Null);
    let disrupted = Disrupted::of(before, &pods, cx.now);
    for pod in &disrupted.forgotten {
        // Upstream names the namespace twice.
        let namespace = &owner.reference.namespace;
        let message =
            format!("Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't");
        let about = Reference::to("v1", "Pod", pod);
        cx.event(about, EventType::Warning, "NotDeleted", message);
    }
    let status = budget::status(object, &pods, numbers, &disrupted, cx.now);
    write(cx, object, status).await?;
    let recheck = disrupted.recheck.map(|due| until(due, cx.now));
    // Due is not late yet.
    Ok(recheck.map(|wait| wait.saturating_add(Duration::from_secs(1))))
}

/// How many pods are expected, and how many of them have to be healthy.
async fn expected(
    cx: &Context,
    object: &Value,
    pods: &[Arc<Cached>],
) -> Result<((i64, i64), Scale), Status> {
    let scale = if budget::needs_scale(object) {
        scale::of(cx, pods).await?
    } else {
        Scale::default()
    };
    let count = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    let numbers = budget::desired(object, count, scale.total).map_err(Status::plain)?;
    Ok((numbers, scale))
}

fn tell_unmanaged(cx: &Context, owner: &Owning, object: &Value) {
    let selector = object.at(&["spec", "selector"]).unwrap_or(&Value::Null);
    let message = format!(
        "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
        budget::printed(selector)
    );
    owner.event(cx, EventType::Warning, "UnmanagedPods", message);
}

async fn write(cx: &Context, object: &Value, status: Value) -> Result<(), Status> {
    if object.get("status") == Some(&status) {
        return Ok(());
    }
    let mut object = object.clone();
    object.set("status", status);
    cx.update(&POD_DISRUPTION_BUDGETS, "status", object).await?;
    Ok(())
}
