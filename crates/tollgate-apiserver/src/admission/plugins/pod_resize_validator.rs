//! PodResizeValidator: a pod does not grow beyond the node on which it runs.

use crate::admission::{Plugin, Review};
use crate::storage::Key;
use tollgate_api::go_format::quote;
use tollgate_api::pod_resources::{self, List, as_specified};
use tollgate_api::status::Cause;
use tollgate_api::{Operation, Quantity, Status, Value};

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct PodResizeValidator;

impl Plugin for PodResizeValidator {
    fn name(&self) -> &'static str {
        "PodResizeValidator"
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let attributes = &review.attributes;
        let (Some(pod), Some(old)) = (attributes.object, attributes.old_object) else {
            return Ok(());
        };
        let is_resize = attributes.operation == Operation::Update
            && attributes.resource.group.is_empty()
            && attributes.resource.resource == "pods"
            && attributes.subresource == "resize";
        let generation = |pod: &Value| pod.get("metadata")?.int("generation");
        let node = pod
            .get("spec")
            .map_or("", |spec| spec.str_or_empty("nodeName"));
        if !is_resize || node.is_empty() || generation(pod) == generation(old) {
            return Ok(());
        }
        let key = Key::new("", "nodes", "", node);
        let Some(found) = review.prepared.object(review.snapshot, &key) else {
            return Err(review.forbidden(None, format!("node {} not found", quote(node))));
        };
        if let Some(why) = exceeded(pod, &found) {
            let why = format!("Node didn't have enough allocatable resources: {why}");
            return Err(because(review.forbidden(None, why), "NodeCapacity"));
        }
        let system = found
            .at(&["metadata", "labels", "kubernetes.io/os"])
            .and_then(Value::as_str)
            .unwrap_or_default();
        if system != "linux" {
            let why = format!(
                "pod resize is only supported on linux nodes, node {} is {}",
                quote(node),
                quote(system)
            );
            return Err(because(review.forbidden(None, why), "UnsupportedPlatform"));
        }
        Ok(())
    }
}

fn because(mut status: Status, reason: &str) -> Status {
    if let Some(details) = &mut status.details {
        details.causes.push(Cause {
            reason: reason.to_owned(),
            ..Cause::default()
        });
    }
    status
}

/// What the pod asks for beyond what the node has.
fn exceeded(pod: &Value, node: &Value) -> Option<String> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let allocatable = |key: &str| amount(node.at(&["status", "allocatable", key]));
    let requests = pod_resources::requests(spec, None, as_specified(List::Requests));
    let requested = |name: &str| requests.get(name).cloned().unwrap_or_default();
    let (cpu, room) = (requested("cpu"), allocatable("cpu"));
    let mut reasons = Vec::new();
    if cpu.milli_value() > room.milli_value() {
        let (requested, room) = (cpu.milli_value(), room.milli_value());
        reasons.push(format!("cpu, requested: {requested}, allocatable: {room}"));
    }
    let (memory, room) = (requested("memory"), allocatable("memory"));
    if memory.value() > room.value() {
        let (requested, room) = (memory.value(), room.value());
        reasons.push(format!(
            "memory, requested: {requested}, allocatable: {room}"
        ));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn amount(value: Option<&Value>) -> Quantity {
    value
        .and_then(|value| Quantity::from_value(value).ok())
        .unwrap_or_else(|| Quantity::from_int(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn a_pod_asks_for_all_that_run_at_the_same_time() {
        let spec = json::from_str(
            r#"{"overhead":{"cpu":"100m"},"containers":[{"resources":{"requests":{"cpu":"1"}}}],
                "initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"500m"}}},
                    {"resources":{"requests":{"cpu":"2"}}}]}"#,
        )
        .unwrap();
        let node = json::from_str(r#"{"status":{"allocatable":{"cpu":"2"}}}"#).unwrap();
        let mut pod = Value::object();
        pod.set("spec", spec);
        assert_eq!(
            exceeded(&pod, &node).as_deref(),
            Some("cpu, requested: 2600, allocatable: 2000")
        );
    }
}
