//! `ValidateSecret` and its update.

use super::config_map::{DATA_BYTES_MAX, decoded_len, same_entries};
use super::{Options, object_meta, object_meta_update};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, json, names};

/// What stands in messages in place of secret bytes.
const REDACTED: &str = "<secret contents redacted>";

/// Validates a Secret that is to be created; `stringData` has become `data` before.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, true, names::dns1123_subdomain, &path, errors);
    let data = Path::root("data");
    let mut size = 0_usize;
    for (key, value) in object.entries("data") {
        object_meta::invalid_each(names::config_map_key(key), key, &data.key(key), errors);
        size = size.saturating_add(decoded_len(value.as_str().unwrap_or_default()));
    }
    if size > DATA_BYTES_MAX {
        errors.push(Error::too_long(&data, DATA_BYTES_MAX));
    }
    of_type(object, metadata, errors);
}

fn of_type(object: &Value, metadata: &Value, errors: &mut Errors) {
    let data = Path::root("data");
    let mut required = |key: &str| {
        let found = has(object, key);
        if !found {
            errors.push(Error::required(&data.key(key), ""));
        }
        found
    };
    match object.str_or_empty("type") {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            let annotations = metadata.get("annotations").unwrap_or(&Value::Null);
            if annotations.str_or_empty(key).is_empty() {
                let path = Path::root("metadata");
                let path = path.child("annotations");
                errors.push(Error::required(&path.key(key), ""));
            }
        }
        "kubernetes.io/dockercfg" if required(".dockercfg") => {
            must_be_json(object, ".dockercfg", errors);
        }
        "kubernetes.io/dockerconfigjson" if required(".dockerconfigjson") => {
            must_be_json(object, ".dockerconfigjson", errors);
        }
        // One of the two is enough; both are named if neither is there.
        "kubernetes.io/basic-auth" if !has(object, "username") && !has(object, "password") => {
            required("username");
            required("password");
        }
        "kubernetes.io/ssh-auth" => {
            let key = "ssh-privatekey";
            if object
                .at(&["data", key])
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
            {
                errors.push(Error::required(&data.key(key), ""));
            }
        }
        "kubernetes.io/tls" => {
            required("tls.crt");
            required("tls.key");
        }
        _ => {}
    }
}

fn has(object: &Value, key: &str) -> bool {
    object.entries("data").any(|(name, _)| name == key)
}

/// The bytes under `key` must be a JSON object.
fn must_be_json(object: &Value, key: &str, errors: &mut Errors) {
    let text = object.at(&["data", key]).and_then(Value::as_str);
    // What is no base64 was refused when the object was decoded.
    let bytes = STANDARD
        .decode(text.unwrap_or_default())
        .unwrap_or_default();
    if let Err(error) = json::from_slice(&bytes) {
        let data = Path::root("data");
        errors.push(Error::invalid(&data.key(key), REDACTED, error.message));
    }
}

/// Validates what a Secret becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    let [new_metadata, old_metadata] =
        [new, old].map(|object| object.get("metadata").unwrap_or(&Value::Null));
    object_meta_update::validate(new_metadata, old_metadata, &Path::root("metadata"), errors);
    if new.str_or_empty("type") != old.str_or_empty("type") {
        let kind = Value::from(new.str_or_empty("type"));
        object_meta_update::immutable(&Path::root("type"), kind, errors);
    }
    if old.bool("immutable") == Some(true) {
        let why = "field is immutable when `immutable` is set";
        if new.bool("immutable") != Some(true) {
            errors.push(Error::forbidden(&Path::root("immutable"), why));
        }
        if !same_entries(new, old, "data") {
            errors.push(Error::forbidden(&Path::root("data"), why));
        }
    }
    validate_create(new, options, errors);
}
