//! `pods/eviction`: a pod goes, if its disruption budget lets it.

use super::binding::set_condition;
use super::{admit, success};
use crate::error;
use crate::storage::Key;
use crate::verbs::options::{DeleteOptions, WriteOptions};
use crate::verbs::{Answer, Call, LabelSelector, Update, delete, record, update};
use tollgate_api::status::{Cause, Details, Reason};
use tollgate_api::{Status, Value};

/// Evicts the pod of the request.
pub async fn evict(
    call: &Call<'_>,
    eviction: &Value,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    let eviction = &admit(call, eviction, options.is_dry_run()).await?;
    let name = eviction
        .at(&["metadata", "name"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    if name != call.name {
        return Err(Status::bad_request(
            "name in URL does not match name in Eviction object",
        ));
    }
    let mut deletion =
        DeleteOptions::from_value(eviction.get("deleteOptions").unwrap_or(&Value::Null));
    deletion.dry_run.extend(options.dry_run.iter().cloned());
    deletion.check()?;
    let pods = Call {
        subresource: "",
        ..*call
    };
    let snapshot = call.api.store.snapshot();
    let found = snapshot
        .get(call.key(call.name).as_str())
        .ok_or_else(|| error::not_found(call.group_resource(), call.name))?;
    let pod = record::parse(&found.value, found.revision)?;
    if !ignores_budgets(&pod) {
        let unready = spend(call, &pod, &deletion).await?;
        mark(&pods, &deletion).await?;
        if let (Some(budget), None) = (unready, &deletion.resource_version) {
            return delete_unready(&pods, deletion, &budget).await;
        }
    }
    delete(&pods, &deletion).await?;
    Ok(success())
}

/// Deletes a pod that the budget does not count, unless it has become ready since.
async fn delete_unready(
    call: &Call<'_>,
    mut deletion: DeleteOptions,
    budget: &str,
) -> Result<Answer, Status> {
    let snapshot = call.api.store.snapshot();
    if let Some(found) = snapshot.get(call.key(call.name).as_str()) {
        if is_ready(&record::parse(&found.value, found.revision)?) {
            return Err(unprocessed(budget));
        }
        deletion.resource_version = Some(found.revision.to_string());
    }
    match delete(call, &deletion).await {
        Err(status) if status.code == 409 => Err(unprocessed(budget)),
        deleted => deleted.map(|_| success()),
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod
        .get("status")
        .map_or(&[][..], |status| status.items("conditions"));
    let mut conditions = conditions.iter();
    conditions.any(|condition| {
        condition.str("type") == Some("Ready") && condition.str("status") == Some("True")
    })
}

/// Whether a pod that is not ready may go without being charged to its budget.
fn lets_unready_go(budget: &Value) -> bool {
    let policy = budget.at(&["spec", "unhealthyPodEvictionPolicy"]);
    let status = budget.get("status").unwrap_or(&Value::Null);
    let desired = status.int("desiredHealthy").unwrap_or_default();
    policy.and_then(Value::as_str) == Some("AlwaysAllow")
        || (desired > 0 && status.int("currentHealthy").unwrap_or_default() >= desired)
}

/// Pods that have ended, go already or never began are missed by nobody.
fn ignores_budgets(pod: &Value) -> bool {
    let phase = pod.at(&["status", "phase"]).and_then(Value::as_str);
    matches!(phase, Some("Succeeded" | "Failed" | "Pending"))
        || pod.at(&["metadata", "deletionTimestamp"]).is_some()
}

/// Takes one disruption from the budget of the pod, or refuses. Gives the budget that lets the pod go uncharged as long
/// as it is not ready.
async fn spend(
    call: &Call<'_>,
    pod: &Value,
    deletion: &DeleteOptions,
) -> Result<Option<String>, Status> {
    let budgets = budgets(call, pod)?;
    let budget = match budgets.as_slice() {
        [] => return Ok(None),
        [budget] => budget.clone(),
        _ => {
            return Err(Status::plain(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
    };
    if !is_ready(pod) {
        let snapshot = call.api.store.snapshot();
        let key = Key::new("policy", "poddisruptionbudgets", call.namespace, &budget);
        if let Some(found) = snapshot.get(key.as_str())
            && lets_unready_go(&record::parse(&found.value, found.revision)?)
        {
            return Ok(Some(budget));
        }
    }
    let catalog = call.api.catalog.load();
    let Some(resource) = catalog.resource("policy", "v1", "poddisruptionbudgets") else {
        return Err(error::no_such_resource());
    };
    let of_budget = Call {
        resource,
        subresource: "status",
        name: &budget,
        ..*call
    };
    let options = WriteOptions {
        dry_run: deletion.dry_run.clone(),
        ..WriteOptions::default()
    };
    let mut make = |budget: &Value| taken(call, budget, pod);
    update(&of_budget, &options, Update::PLAIN, &mut make).await?;
    Ok(None)
}

/// The names of the budgets that cover a pod.
fn budgets(call: &Call<'_>, pod: &Value) -> Result<Vec<String>, Status> {
    let snapshot = call.api.store.snapshot();
    let prefix = Key::prefix("policy", "poddisruptionbudgets", Some(call.namespace));
    let mut names = Vec::new();
    for (key, record) in snapshot.range(&prefix) {
        let budget = record::parse(&record.value, record.revision)?;
        let Some(selector) = budget.at(&["spec", "selector"]) else {
            continue;
        };
        let labels = pod.at(&["metadata", "labels"]);
        let label = |key: &str| labels.and_then(|labels| labels.str(key));
        if LabelSelector::from_value(selector).matches(label) {
            names.push(key.name().to_owned());
        }
    }
    Ok(names)
}

/// The budget with one disruption less.
fn taken(call: &Call<'_>, budget: &Value, pod: &Value) -> Result<Value, Status> {
    let status = budget.get("status").unwrap_or(&Value::Null);
    let generation = budget
        .at(&["metadata", "generation"])
        .and_then(Value::as_i64);
    let observed = status.int("observedGeneration").unwrap_or_default();
    if observed < generation.unwrap_or_default() {
        let name = budget
            .at(&["metadata", "name"])
            .and_then(Value::as_str)
            .unwrap_or_default();
        return Err(unprocessed(name));
    }
    let allowed = status.int("disruptionsAllowed").unwrap_or_default();
    if allowed <= 0 {
        let name = budget
            .at(&["metadata", "name"])
            .and_then(Value::as_str)
            .unwrap_or_default();
        let (needed, healthy) = (
            status.int("desiredHealthy").unwrap_or_default(),
            status.int("currentHealthy").unwrap_or_default(),
        );
        let why = format!(
            "The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
        );
        return Err(refused(&why, 0));
    }
    let left = allowed.saturating_sub(1);
    let mut budget = budget.clone();
    let status = budget.child_mut("status");
    status.set("disruptionsAllowed", left);
    let name = pod
        .at(&["metadata", "name"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    status.child_mut("disruptedPods").set(name, call.time());
    if left == 0 {
        let mut condition = Value::object();
        condition.set("type", "DisruptionAllowed");
        condition.set("status", "False");
        condition.set("reason", "InsufficientPods");
        condition.set("message", "");
        condition.set("observedGeneration", observed);
        condition.set("lastTransitionTime", call.time());
        set_condition(&mut budget, condition);
    }
    Ok(budget)
}

/// 429: what is known of the budget is not of now.
fn unprocessed(budget: &str) -> Status {
    let why = format!("The disruption budget {budget} is still being processed by the server.");
    refused(&why, 10)
}

/// 429: not now.
fn refused(why: &str, retry_after_seconds: u32) -> Status {
    Status {
        code: 429,
        reason: Reason::TooManyRequests,
        message: "Cannot evict pod as it would violate the pod's disruption budget.".to_owned(),
        details: Some(Box::new(Details {
            causes: vec![Cause {
                reason: "DisruptionBudget".to_owned(),
                message: why.to_owned(),
                field: String::new(),
            }],
            retry_after_seconds,
            ..Details::default()
        })),
    }
}

/// Notes in the pod why it goes.
async fn mark(call: &Call<'_>, deletion: &DeleteOptions) -> Result<(), Status> {
    let options = WriteOptions {
        dry_run: deletion.dry_run.clone(),
        ..WriteOptions::default()
    };
    let of_status = Call {
        subresource: "status",
        ..*call
    };
    if let Some(wanted) = deletion.uid.as_deref() {
        let snapshot = call.api.store.snapshot();
        let found = snapshot.get(call.key(call.name).as_str());
        let found = found.and_then(|record| record::parse(&record.value, 0).ok());
        let uid = found
            .as_ref()
            .and_then(|pod| pod.at(&["metadata", "uid"])?.as_str());
        if uid != Some(wanted) {
            // The deletion says so.
            return Ok(());
        }
    }
    let mut make = |pod: &Value| {
        let mut pod = pod.clone();
        let mut condition = Value::object();
        condition.set("type", "DisruptionTarget");
        condition.set("status", "True");
        condition.set("reason", "EvictionByEvictionAPI");
        condition.set("message", "Eviction API: evicting");
        condition.set("lastTransitionTime", call.time());
        set_condition(&mut pod, condition);
        Ok(pod)
    };
    update(&of_status, &options, Update::PLAIN, &mut make).await?;
    Ok(())
}
