//! The metadata that the server answers for: identity, times, generation.

use super::call::Call;
use tollgate_api::{Status, Value};

const WRONG_NAMESPACE: &str =
    "the namespace of the provided object does not match the namespace sent on the request";

/// Puts the object into the namespace of the request, or refuses another.
pub(super) fn settle_namespace(call: &Call<'_>, object: &mut Value) -> Result<(), Status> {
    let metadata = object.child_mut("metadata");
    if !call.resource.namespaced {
        metadata.remove("namespace");
        return Ok(());
    }
    match metadata.str_or_empty("namespace") {
        "" => metadata.set("namespace", call.namespace),
        given if given == call.namespace => {}
        _ => return Err(Status::bad_request(WRONG_NAMESPACE)),
    }
    Ok(())
}

/// Gives a new object its identity; nothing of it comes from the client.
pub(super) fn begin(call: &Call<'_>, object: &mut Value) {
    let metadata = object.child_mut("metadata");
    for key in [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    ] {
        metadata.remove(key);
    }
    metadata.set("uid", call.api.environment.uid());
    metadata.set("creationTimestamp", call.time());
}

/// Takes what an update cannot change from the object as it is stored.
pub(super) fn keep_identity(object: &mut Value, old: &Value) {
    let Some(old) = old.get("metadata") else {
        return;
    };
    let metadata = object.child_mut("metadata");
    for key in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "namespace",
        "name",
    ] {
        let given = metadata.get(key);
        let keep = match key {
            // What a client does not send stays; what it sends otherwise is refused by validation.
            "uid" | "namespace" | "name" | "deletionGracePeriodSeconds" => {
                given.is_none_or(|given| given.as_str() == Some(""))
            }
            // Nobody takes back a deletion, or begins one like this.
            "deletionTimestamp" => given.is_none() || old.get(key).is_some(),
            _ => true,
        };
        if keep {
            match old.get(key) {
                Some(value) => metadata.set(key, value.clone()),
                None => {
                    metadata.remove(key);
                }
            }
        }
    }
}

/// The texts of `metadata.finalizers`.
pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    let metadata = object.get("metadata");
    let finalizers = metadata.map(|metadata| metadata.items("finalizers"));
    let finalizers = finalizers.unwrap_or_default().iter();
    finalizers.filter_map(Value::as_str).collect()
}

/// Whether an object is being deleted.
pub(super) fn is_being_deleted(object: &Value) -> bool {
    object.at(&["metadata", "deletionTimestamp"]).is_some()
}

/// The name in the metadata, or empty.
pub(super) fn name(object: &Value) -> &str {
    text(object, "name")
}

/// A text of the metadata, or empty.
pub(super) fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object
        .get("metadata")
        .map_or("", |metadata| metadata.str_or_empty(key))
}

/// Raises the generation by one.
pub(super) fn raise_generation(object: &mut Value) {
    let metadata = object.child_mut("metadata");
    let generation = metadata.int("generation").unwrap_or_default();
    metadata.set("generation", generation.saturating_add(1));
}
