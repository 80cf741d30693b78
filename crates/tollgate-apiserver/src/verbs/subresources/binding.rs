//! `pods/binding`: a pod gets its node.

use super::success;
use crate::error;
use crate::verbs::options::WriteOptions;
use crate::verbs::{Answer, Call, Update, update};
use tollgate_api::field::{Error, Path};
use tollgate_api::{GroupResource, Status, Value};

/// Binds the pod that the binding names.
pub async fn bind(
    call: &Call<'_>,
    binding: &Value,
    options: &WriteOptions,
) -> Result<Answer, Status> {
    let metadata = binding.get("metadata").unwrap_or(&Value::Null);
    let name = metadata.str_or_empty("name");
    if !call.name.is_empty() && name != call.name {
        return Err(Status::bad_request(
            "name in URL does not match name in Binding object",
        ));
    }
    let target = binding.get("target").unwrap_or(&Value::Null);
    check_target(target)?;
    let node = target.str_or_empty("name");
    let catalog = call.api.catalog.load();
    let Some(pods) = catalog.resource("", "v1", "pods") else {
        return Err(error::no_such_resource());
    };
    let call = Call {
        resource: pods,
        subresource: "binding",
        name,
        ..*call
    };
    let mut make = |pod: &Value| assign(&call, pod, node, metadata);
    update(&call, options, Update::PLAIN, &mut make).await?;
    Ok(success())
}

fn check_target(target: &Value) -> Result<(), Status> {
    let path = Path::root("target");
    let mut errors = Vec::new();
    let kind = target.str_or_empty("kind");
    if !matches!(kind, "" | "Node") {
        errors.push(Error::not_supported(
            &path.child("kind"),
            kind,
            &["Node", "<empty>"],
        ));
    }
    if target.str_or_empty("name").is_empty() {
        errors.push(Error::required(&path.child("name"), ""));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Status::plain(tollgate_api::status::aggregate(&errors)))
}

fn assign(call: &Call<'_>, pod: &Value, node: &str, given: &Value) -> Result<Value, Status> {
    if pod.is_null() {
        return Err(error::not_found(call.group_resource(), call.name));
    }
    let refuse = |why: String| {
        let resource = GroupResource::new("", "pods/binding");
        Err(error::conflict(&resource, call.name, &why))
    };
    let name = call.name;
    if pod.at(&["metadata", "deletionTimestamp"]).is_some() {
        return refuse(format!(
            "pod {name} is being deleted, cannot be assigned to a host"
        ));
    }
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let assigned = spec.str_or_empty("nodeName");
    if !assigned.is_empty() {
        return refuse(format!(
            "pod {name} is already assigned to node \"{assigned}\""
        ));
    }
    if !spec.items("schedulingGates").is_empty() {
        return refuse(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    let mut pod = pod.clone();
    pod.child_mut("spec").set("nodeName", node);
    for (key, value) in given.str_entries("annotations") {
        let metadata = pod.child_mut("metadata");
        metadata.child_mut("annotations").set(key, value);
    }
    // Labels of the node's place go to the pod, others do not.
    for (key, value) in given.str_entries("labels") {
        if matches!(
            key,
            "topology.kubernetes.io/zone" | "topology.kubernetes.io/region"
        ) {
            pod.child_mut("metadata")
                .child_mut("labels")
                .set(key, value);
        }
    }
    let mut condition = Value::object();
    condition.set("type", "PodScheduled");
    condition.set("status", "True");
    condition.set("lastTransitionTime", call.time());
    set_condition(&mut pod, condition);
    Ok(pod)
}

/// Puts a condition in the place of the one of its type.
pub(super) fn set_condition(object: &mut Value, condition: Value) {
    let status = object.child_mut("status");
    let mut conditions = status.items("conditions").to_vec();
    let kind = condition.str_or_empty("type").to_owned();
    match conditions
        .iter_mut()
        .find(|known| known.str("type") == Some(&kind))
    {
        Some(known) => *known = condition,
        None => conditions.push(condition),
    }
    status.set("conditions", Value::Array(conditions));
}
