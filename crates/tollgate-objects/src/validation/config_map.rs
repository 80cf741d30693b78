//! `ValidateConfigMap` and its update.

use super::{Options, object_meta, object_meta_update};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// The most bytes that all values of a ConfigMap or Secret may have together.
pub(super) const DATA_BYTES_MAX: usize = 1024 * 1024;

/// Validates a ConfigMap that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, true, names::dns1123_subdomain, &path, errors);
    let mut size = 0_usize;
    let path = Path::root("data");
    for (key, value) in object.entries("data") {
        let path = path.key(key);
        object_meta::invalid_each(names::config_map_key(key), key, &path, errors);
        if binary_data(object).any(|(other, _)| other == key) {
            let why = "duplicate of key present in binaryData";
            errors.push(Error::invalid(&path, key, why));
        }
        size = size.saturating_add(value.as_str().map_or(0, str::len));
    }
    let path = Path::root("binaryData");
    for (key, value) in binary_data(object) {
        object_meta::invalid_each(names::config_map_key(key), key, &path.key(key), errors);
        size = size.saturating_add(decoded_len(value.as_str().unwrap_or_default()));
    }
    if size > DATA_BYTES_MAX {
        errors.push(Error::too_long(&Path::root("[]"), DATA_BYTES_MAX));
    }
}

/// The binary entries; a `null` is an empty one.
fn binary_data(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object.entries("binaryData")
}

/// How many bytes a base64 text stands for.
pub(super) fn decoded_len(base64: &str) -> usize {
    let padding = base64
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'=')
        .count();
    let digits = base64.len().saturating_sub(padding);
    (digits / 4)
        .saturating_mul(3)
        .saturating_add((digits % 4).saturating_mul(3) / 4)
}

/// Validates what a ConfigMap becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    let [new_metadata, old_metadata] =
        [new, old].map(|object| object.get("metadata").unwrap_or(&Value::Null));
    object_meta_update::validate(new_metadata, old_metadata, &Path::root("metadata"), errors);
    if old.bool("immutable") == Some(true) {
        let why = "field is immutable when `immutable` is set";
        if new.bool("immutable") != Some(true) {
            errors.push(Error::forbidden(&Path::root("immutable"), why));
        }
        for field in ["data", "binaryData"] {
            if !same_entries(new, old, field) {
                errors.push(Error::forbidden(&Path::root(field), why));
            }
        }
    }
    validate_create(new, options, errors);
}

/// Whether the maps under `field` hold the same; an empty map is the same as none.
pub(super) fn same_entries(new: &Value, old: &Value, field: &str) -> bool {
    let empty = Value::object();
    let map = |object: &Value| object.get(field).unwrap_or(&empty).clone();
    map(new) == map(old)
}
