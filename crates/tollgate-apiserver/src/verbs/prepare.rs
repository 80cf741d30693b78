//! What the registry changes on an object before validation: what belongs to the server, and what a kind derives.

use super::call::Call;
use super::metadata;
use super::record;
use super::rules::Rules;
use crate::patch::managed_fields::Resets;
use crate::resources::Resource;
use tollgate_api::Value;
use tollgate_objects::strategy;

/// Prepares an object that is about to be created: its status is the server's.
pub(super) fn for_create(call: &Call<'_>, object: &mut Value) {
    let resource = call.resource;
    match (resource.group(), resource.plural()) {
        ("", "namespaces") => prepare_namespace(object),
        // The one kind that needs no name.
        ("", "limitranges") if metadata::name(object).is_empty() => {
            let name = call.api.environment.uid();
            object.child_mut("metadata").set("name", name);
        }
        ("", "persistentvolumeclaims") => set_phase(object, "Pending"),
        ("", "persistentvolumes") => {
            set_phase(object, "Pending");
            let time = call.time();
            object
                .child_mut("status")
                .set("lastPhaseTransitionTime", time);
        }
        // Pods have a strategy that knows; the others are written by those whose status it is.
        ("", "pods" | "nodes" | "services") => {}
        _ if resource.subresource("status").is_some() => {
            object.remove("status");
        }
        _ => {}
    }
    strategy::note_author(&resource.kind, object, call.user);
    let shares_labels = shares_labels(call, object);
    for warning in strategy::prepare_for_create(&resource.kind, object, call.api.release) {
        call.warnings.add(warning);
    }
    if shares_labels {
        let labels = object
            .at(&["spec", "template", "metadata", "labels"])
            .cloned();
        set_or_remove(object.child_mut("metadata"), "labels", labels);
    }
    if resource.plural() == "pods" {
        note_scheduling_gates(call, object);
    }
    if !is_job(resource) {
        tollgate_objects::defaults::set_defaults(&resource.kind, object);
    }
}

/// A Job takes the labels that the server gave its template when it is read again, not before it is validated.
pub(super) fn after_validation(call: &Call<'_>, object: &mut Value) {
    if is_job(call.resource) {
        tollgate_objects::defaults::set_defaults(&call.resource.kind, object);
    }
}

fn is_job(resource: &Resource) -> bool {
    resource.group() == "batch" && resource.plural() == "jobs"
}

/// Whether a job has the labels of its template because it has none of its own: then it gets those, too, that the server
/// adds there.
fn shares_labels(call: &Call<'_>, object: &Value) -> bool {
    let labels = object.at(&["metadata", "labels"]);
    is_job(call.resource)
        && labels.is_some()
        && labels == object.at(&["spec", "template", "metadata", "labels"])
}

/// The condition that the strategy makes has no time, because nothing there knows it.
fn note_scheduling_gates(call: &Call<'_>, pod: &mut Value) {
    if let Some(status) = pod.get_mut("status") {
        for condition in status.items_mut("conditions") {
            condition.set("lastTransitionTime", call.time());
        }
    }
}

fn set_phase(object: &mut Value, phase: &'static str) {
    let mut status = Value::object();
    status.set("phase", phase);
    object.set("status", status);
}

/// A namespace is active and is not gone before its content is.
fn prepare_namespace(namespace: &mut Value) {
    set_phase(namespace, "Active");
    let spec = namespace.child_mut("spec");
    let mut finalizers = spec.items("finalizers").to_vec();
    if !finalizers
        .iter()
        .any(|known| known.as_str() == Some("kubernetes"))
    {
        finalizers.push("kubernetes".into());
        spec.set("finalizers", Value::Array(finalizers));
    }
    let name = metadata::name(namespace).to_owned();
    if !name.is_empty() {
        let labels = namespace.child_mut("metadata").child_mut("labels");
        labels.set("kubernetes.io/metadata.name", name);
    }
}

/// Prepares an object that is about to replace `old`: of the parts of an object each request changes its own.
pub(super) fn for_update(call: &Call<'_>, new: &mut Value, old: &Value) {
    metadata::keep_identity(new, old);
    let resource = call.resource;
    if call.subresource == "binding" {
        // The server's own change, of spec and status.
        return;
    }
    if strategy::prepare_for_subresource_update(&resource.kind, call.subresource, new, old) {
        if Rules::of(resource).generation && differs(resource, new, old) {
            metadata::raise_generation(new);
        }
        return;
    }
    match call.subresource {
        "status" => keep_all_but_status(call, new, old),
        // What is of the status is its own to change.
        "approval" => {}
        _ if resource.subresource("status").is_some() => put_back(new, old, "status"),
        _ => {}
    }
    strategy::prepare_conditions(&resource.kind, call.subresource, new, old, &call.time());
    if call.subresource == "status" {
        return;
    }
    if call.subresource.is_empty() {
        strategy::prepare_for_update(&resource.kind, new, old, call.api.release);
    }
    if (resource.group(), resource.plural()) == ("", "namespaces") {
        if call.subresource != "finalize" {
            let finalizers = old.at(&["spec", "finalizers"]).cloned();
            new.child_mut("spec").set("finalizers", finalizers);
        }
        let name = metadata::name(old).to_owned();
        let labels = new.child_mut("metadata").child_mut("labels");
        labels.set("kubernetes.io/metadata.name", name);
    }
    if Rules::of(resource).generation && differs(resource, new, old) {
        metadata::raise_generation(new);
    }
}

fn put_back(new: &mut Value, old: &Value, key: &'static str) {
    set_or_remove(new, key, old.get(key).cloned());
}

fn keep_all_but_status(call: &Call<'_>, new: &mut Value, old: &Value) {
    let status = new.remove("status");
    let given = new.remove("metadata");
    *new = old.clone();
    let Some(given) = given else {
        return set_or_remove(new, "status", status);
    };
    if call.resource.is_custom() {
        for key in ["resourceVersion", "managedFields"] {
            set_or_remove(new.child_mut("metadata"), key, given.get(key).cloned());
        }
    } else {
        new.set("metadata", given);
        keep_metadata(call, new, old);
    }
    set_or_remove(new, "status", status);
    if call.resource.plural() == "pods"
        && let Some(class) = old.at(&["status", "qosClass"])
    {
        new.child_mut("status")
            .set_default("qosClass", || class.clone());
    }
}

/// What of the metadata a write of the status leaves as it is.
fn keep_metadata(call: &Call<'_>, new: &mut Value, old: &Value) {
    let kind = &call.resource.kind;
    let kept: &[&str] = if Resets::keeps_metadata(kind) {
        &["labels", "annotations", "finalizers", "ownerReferences"]
    } else if kind.kind == "Deployment" {
        &["labels", "ownerReferences"]
    } else {
        &["ownerReferences"]
    };
    for key in kept {
        let value = old.at(&["metadata", key]).cloned();
        set_or_remove(new.child_mut("metadata"), key, value);
    }
    strategy::keep_former_fields(kind, new, old);
}

fn set_or_remove(owner: &mut Value, key: &str, value: Option<Value>) {
    match value {
        Some(value) => owner.set(key, value),
        None => {
            owner.remove(key);
        }
    }
}

/// Whether anything changed that a generation counts.
fn differs(resource: &Resource, new: &Value, old: &Value) -> bool {
    // Its generation is that of its creation.
    if (resource.group(), resource.plural()) == ("scheduling.k8s.io", "priorityclasses") {
        return false;
    }
    let annotations = |object: &Value| object.at(&["metadata", "annotations"]).cloned();
    if resource.plural() == "deployments" && annotations(new) != annotations(old) {
        return true;
    }
    // A status that is no subresource is like any other part of an object.
    let counts_status = resource.is_custom() && resource.subresource("status").is_none();
    let counted = |object: &Value| -> Value {
        let entries = object
            .as_object()
            .into_iter()
            .flat_map(tollgate_api::Object::iter);
        entries
            .filter(|(key, value)| {
                !matches!(*key, "metadata" | "apiVersion" | "kind")
                    && (counts_status || *key != "status")
                    && !value.is_null()
            })
            .map(|(key, value)| (key, value.clone()))
            .collect()
    };
    let (new, old) = (counted(new), counted(old));
    // What is left out and what is written out may be the same: then both are stored alike.
    new != old && record::encode(&resource.kind, &new) != record::encode(&resource.kind, &old)
}
