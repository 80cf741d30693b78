//! CustomResourceDefinition: the status is the server's, and knows in which versions objects may be stored.

use tollgate_api::{Release, Value};

/// A new definition: nothing is accepted yet.
pub(super) fn prepare_for_create(definition: &mut Value, _: Release) -> Vec<String> {
    definition.remove("status");
    note_storage_version(definition);
    Vec::new()
}

/// Another storage version joins those in which objects are stored already.
pub(super) fn prepare_for_update(new: &mut Value, _: &Value, _: Release) {
    note_storage_version(new);
}

fn note_storage_version(definition: &mut Value) {
    let versions = definition
        .get("spec")
        .map(|spec| spec.items("versions"))
        .unwrap_or_default();
    let stored = versions
        .iter()
        .find(|version| version.bool("storage") == Some(true));
    let Some(name) = stored.and_then(|version| version.get("name")).cloned() else {
        return;
    };
    let status = definition.child_mut("status");
    let mut known = status.items("storedVersions").to_vec();
    if !known.contains(&name) {
        known.push(name);
        status.set("storedVersions", Value::Array(known));
    }
}
