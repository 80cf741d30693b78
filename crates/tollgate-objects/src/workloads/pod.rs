//! From a template to a pod (`GetPodFromTemplate`).

use tollgate_api::Value;

/// The longest `generateName` that leaves room for five random characters in 63.
const GENERATE_NAME_BYTES_MAX: usize = 58;

/// What the names of a created object are made from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name<'n> {
    /// `<prefix>-` and a random end.
    Generated(&'n str),
    /// A name that the controller chooses.
    Fixed(&'n str),
}

/// A pod made from `template`, owned by `owner`.
pub(super) fn from_template(template: Option<Value>, owner: &Value, name: Name<'_>) -> Value {
    let mut template = template.unwrap_or_default();
    let mut pod = Value::object();
    pod.set("apiVersion", "v1");
    pod.set("kind", "Pod");
    let mut metadata = Value::object();
    set_name(&mut metadata, name);
    if let Some(namespace) = owner
        .get("metadata")
        .and_then(|metadata| metadata.str("namespace"))
    {
        metadata.set("namespace", namespace);
    }
    if let Some(from) = template.get_mut("metadata") {
        for key in ["labels", "annotations", "finalizers"] {
            if let Some(value) = take(from, key) {
                metadata.set(key, value);
            }
        }
    }
    metadata.set(
        "ownerReferences",
        Value::Array(vec![owner_reference(owner)]),
    );
    pod.set("metadata", metadata);
    let spec = take(&mut template, "spec");
    pod.set("spec", spec.unwrap_or_else(Value::object));
    pod
}

fn take(owner: &mut Value, key: &str) -> Option<Value> {
    owner.remove(key).filter(|value| !value.is_null())
}

/// An object without a spec that `owner`'s controller creates: enough to be counted.
pub(super) fn created(api_version: &str, kind: &str, owner: &Value, name: Name<'_>) -> Value {
    let mut object = Value::object();
    object.set("apiVersion", api_version);
    object.set("kind", kind);
    let mut metadata = Value::object();
    set_name(&mut metadata, name);
    if let Some(namespace) = owner
        .get("metadata")
        .and_then(|metadata| metadata.str("namespace"))
    {
        metadata.set("namespace", namespace);
    }
    metadata.set(
        "ownerReferences",
        Value::Array(vec![owner_reference(owner)]),
    );
    object.set("metadata", metadata);
    object
}

fn set_name(metadata: &mut Value, name: Name<'_>) {
    match name {
        Name::Fixed(name) => metadata.set("name", name),
        Name::Generated(prefix) => {
            let generate_name = format!("{prefix}-");
            let end = (0..=generate_name.len().min(GENERATE_NAME_BYTES_MAX))
                .rev()
                .find(|end| generate_name.is_char_boundary(*end))
                .unwrap_or_default();
            let kept = generate_name.get(..end).unwrap_or_default();
            metadata.set("name", format!("{kept}{}", super::UNKNOWN_SUFFIX));
            metadata.set("generateName", generate_name);
        }
    }
}

fn owner_reference(owner: &Value) -> Value {
    let metadata = owner.get("metadata");
    let text = |key| metadata.map_or("", |metadata| metadata.str_or_empty(key));
    let mut reference = Value::object();
    reference.set("apiVersion", owner.str_or_empty("apiVersion"));
    reference.set("kind", owner.str_or_empty("kind"));
    reference.set("name", text("name"));
    // An object from a file has no uid yet; a reference without one would be invalid.
    let uid = Some(text("uid")).filter(|uid| !uid.is_empty());
    reference.set("uid", uid.unwrap_or("00000000-0000-0000-0000-000000000000"));
    reference.set("controller", true);
    reference.set("blockOwnerDeletion", true);
    reference
}

/// The name of an object, or what it would be generated from.
pub(super) fn name_of(object: &Value) -> &str {
    let metadata = object.get("metadata");
    let text = |key| metadata.map_or("", |metadata| metadata.str_or_empty(key));
    match text("name") {
        "" => text("generateName").trim_end_matches('-'),
        name => name,
    }
}

/// Puts a label on an object.
pub(super) fn label(object: &mut Value, key: &'static str, value: &str) {
    object
        .child_mut("metadata")
        .child_mut("labels")
        .set(key, value);
}
