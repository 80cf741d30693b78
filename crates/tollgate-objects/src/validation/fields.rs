//! What many rules ask of one field: that it is there, that it is one of a few words, that it stays.

use super::object_meta::{self, NameRule, invalid_each};
use super::object_meta_update;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// The metadata of an object that is to be created, named as its kind demands.
pub(super) fn metadata(object: &Value, namespaced: bool, rule: NameRule, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, namespaced, rule, &path, errors);
}

/// The value under `key`, or nothing.
pub(super) fn child<'v>(holder: &'v Value, key: &str) -> &'v Value {
    holder.get(key).unwrap_or(&Value::Null)
}

/// Text that must not be empty; tells whether it is there.
pub(super) fn required(holder: &Value, key: &str, path: &Path<'_>, errors: &mut Errors) -> bool {
    let there = !holder.str_or_empty(key).is_empty();
    if !there {
        errors.push(Error::required(&path.child(key), ""));
    }
    there
}

/// Text that must not be empty and must follow a rule.
pub(super) fn required_name(
    holder: &Value,
    key: &str,
    rule: NameRule,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if required(holder, key, path, errors) {
        let name = holder.str_or_empty(key);
        invalid_each(rule(name), name, &path.child(key), errors);
    }
}

/// Text that must follow a rule, unless it is empty.
pub(super) fn name_if_any(
    holder: &Value,
    key: &str,
    rule: NameRule,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name = holder.str_or_empty(key);
    if !name.is_empty() {
        invalid_each(rule(name), name, &path.child(key), errors);
    }
}

/// Text that, if it is there, must be one of `words`, which are listed in the order given.
pub(super) fn word(
    holder: &Value,
    key: &str,
    words: &[&str],
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if let Some(text) = holder.str(key)
        && !words.contains(&text)
    {
        errors.push(Error::not_supported(&path.child(key), text, words));
    }
}

/// Text that must be there and be one of `words`.
pub(super) fn required_word(
    holder: &Value,
    key: &str,
    words: &[&str],
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if required(holder, key, path, errors) {
        word(holder, key, words, path, errors);
    }
}

/// A field that no update may change.
pub(super) fn stays(new: &Value, old: &Value, key: &str, path: &Path<'_>, errors: &mut Errors) {
    let value = child(new, key);
    if value != child(old, key) {
        object_meta_update::immutable(path, value.clone(), errors);
    }
}

/// A name of at least `segments` parts between dots: `IsFullyQualifiedName`, `IsFullyQualifiedDomainName`.
pub(super) fn domain(name: &str, segments: usize, path: &Path<'_>, errors: &mut Errors) {
    if name.is_empty() {
        errors.push(Error::required(path, ""));
        return;
    }
    let messages = names::dns1123_subdomain(name);
    if !messages.is_empty() {
        errors.push(Error::invalid(path, name, messages.join(",")));
    } else if name.split('.').count() < segments {
        let number = if segments == 2 { "two" } else { "three" };
        let why = format!("should be a domain with at least {number} segments separated by dots");
        errors.push(Error::invalid(path, name, why));
    }
}

/// A qualified name whose case does not matter: `validateProvisioner`.
pub(super) fn provisioner(holder: &Value, key: &str, path: &Path<'_>, errors: &mut Errors) {
    if required(holder, key, path, errors) {
        // Upstream shows what it has looked at.
        let name = holder.str_or_empty(key).to_lowercase();
        invalid_each(
            names::qualified_name(&name),
            &name,
            &path.child(key),
            errors,
        );
    }
}

/// What is passed on to a driver: `validateParameters`.
pub(super) fn parameters(holder: &Value, may_be_empty: bool, path: &Path<'_>, errors: &mut Errors) {
    const ENTRIES_MAX: usize = 512;
    const BYTES_MAX: usize = 256 * 1024;
    let mut count = 0_usize;
    let mut size = 0_usize;
    for (key, value) in holder.entries("parameters") {
        count = count.saturating_add(1);
        if key.is_empty() {
            errors.push(Error::invalid(path, key, "field can not be empty."));
        }
        let bytes = key.len().saturating_add(value.as_str().map_or(0, str::len));
        size = size.saturating_add(bytes);
    }
    if count == 0 && !may_be_empty {
        let why = "must contain at least one key/value pair";
        errors.push(Error::required(path, why));
    }
    if count > ENTRIES_MAX {
        let path = Path::root("provisioner");
        errors.push(Error::too_long(&path.child("parameters"), ENTRIES_MAX));
    }
    if size > BYTES_MAX {
        errors.push(Error::too_long(path, BYTES_MAX));
    }
}

/// The protocol of a port.
pub(super) fn protocol(port: &Value, path: &Path<'_>, errors: &mut Errors) {
    required_word(port, "protocol", &["SCTP", "TCP", "UDP"], path, errors);
}
