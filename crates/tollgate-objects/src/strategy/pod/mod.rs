//! The create strategy of pods (`podStrategy.PrepareForCreate`).
//!
//! ```
//! use tollgate_api::Release;
//! use tollgate_objects::{defaults, strategy};
//!
//! let mut pod = tollgate_api::json::from_str(r#"{"metadata":{"name":"web"},"spec":{"containers":[]}}"#).unwrap();
//! defaults::pod::set_defaults(&mut pod);
//! let warnings = strategy::pod::prepare_for_create(&mut pod, Release::default());
//! assert!(warnings.is_empty());
//! assert_eq!(pod.at(&["status", "phase"]).unwrap().as_str(), Some("Pending"));
//! ```

mod app_armor;
pub(super) mod disabled_fields;
mod label_keys;
mod seccomp;
pub(super) mod subresources;

use tollgate_api::{Release, Value, qos};

/// The lists of containers of a pod spec, in the order in which upstream visits them.
const CONTAINER_LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Changes a defaulted pod as the registry of `release` does before it validates and stores the pod: a fresh status,
/// no field behind a disabled feature gate, deprecated annotations and the fields that replaced them in step.
///
/// Returns the warnings that upstream gives while doing so.
pub fn prepare_for_create(pod: &mut Value, release: Release) -> Vec<String> {
    if pod.as_object().is_none() {
        return Vec::new();
    }
    if release >= Release::minor(33)
        && let Some(metadata) = object_mut(pod, "metadata")
    {
        metadata.set("generation", 1);
    }
    reset_status(pod);
    if let Some(spec) = object_mut(pod, "spec") {
        disabled_fields::drop(spec, release);
    }
    note_scheduling_gates(pod);
    label_keys::merge(pod, release);
    let mut warnings = Vec::new();
    if release < Release::minor(27) {
        seccomp::synchronize(pod);
    }
    if release >= Release::minor(30) {
        app_armor::synchronize(pod, &mut warnings);
    }
    warnings
}

/// Changes what a pod becomes by an update: fields behind a disabled feature gate do not come.
pub(super) fn prepare_for_update(pod: &mut Value, old: &Value, release: Release) {
    let old = old.get("spec").unwrap_or(&Value::Null);
    if let Some(spec) = pod.get_mut("spec") {
        disabled_fields::drop_unless_used(spec, old, release);
    }
}

/// A new pod is pending, whatever its creator says; the class that the creator gives survives.
fn reset_status(pod: &mut Value) {
    let class = match pod.at(&["status", "qosClass"]).and_then(Value::as_str) {
        None | Some("") => {
            let class = pod
                .get("spec")
                .map_or(qos::QosClass::BestEffort, qos::class_of_spec);
            Value::from(class.as_str())
        }
        Some(given) => Value::from(given),
    };
    let status: Value = [("phase", Value::from("Pending")), ("qosClass", class)]
        .into_iter()
        .collect();
    pod.set("status", status);
}

/// A pod with scheduling gates says so in its conditions. The time of the change is for the caller to add: nothing
/// here knows it.
fn note_scheduling_gates(pod: &mut Value) {
    if pod
        .get("spec")
        .is_none_or(|spec| spec.items("schedulingGates").is_empty())
    {
        return;
    }
    let condition: Value = [
        ("type", "PodScheduled"),
        ("status", "False"),
        ("reason", "SchedulingGated"),
        (
            "message",
            "Scheduling is blocked due to non-empty scheduling gates",
        ),
    ]
    .into_iter()
    .collect();
    pod.child_mut("status")
        .set("conditions", Value::Array(vec![condition]));
}

/// The object under `key`, made if it is absent; none if something else stands there.
fn object_mut<'v>(owner: &'v mut Value, key: &'static str) -> Option<&'v mut Value> {
    owner.set_default(key, Value::object);
    owner
        .get_mut(key)
        .filter(|child| child.as_object().is_some())
}

/// Calls `change` on each container of the spec of `pod`, init containers first.
fn for_each_container(spec: &mut Value, mut change: impl FnMut(&mut Value)) {
    for list in CONTAINER_LISTS {
        for container in spec.items_mut(list) {
            if container.as_object().is_some() {
                change(container);
            }
        }
    }
}

#[cfg(test)]
mod tests;
