//! CustomResourceDefinition.
//!
//! Upstream validates an internal form, in which what all versions have in common stands once above them: its errors
//! speak of `spec.validation` then.

mod columns;
mod conversion;
mod names;
mod nested;
mod open_api;
mod structure;
mod versions;

use super::{Options, object_meta, object_meta_update};
use crate::structural;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names as rules};

pub use versions::{Place, schema_places};

const APPROVAL: &str = "api-approved.kubernetes.io";
const APPROVAL_HELP: &str = "see https://github.com/kubernetes/enhancements/pull/1111";

/// A definition that is about to be created.
pub(super) fn validate_create(definition: &Value, _: &Options, errors: &mut Errors) {
    let metadata = definition.get("metadata").unwrap_or(&Value::Null);
    let spec = definition.get("spec").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate_generic(metadata, false, rules::dns1123_subdomain, &path, errors);
    let wanted = format!(
        "{}.{}",
        spec.get("names")
            .map_or("", |names| names.str_or_empty("plural")),
        spec.str_or_empty("group")
    );
    let name = metadata.str_or_empty("name");
    if name != wanted && !name.is_empty() {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.push(Error::invalid(&path.child("name"), name, why));
    }
    validate_spec(spec, errors);
    validate_status(definition, errors);
    validate_approval(metadata, spec, errors);
    if spec.bool("preserveUnknownFields") == Some(true) {
        let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        let path = Path::root("spec");
        errors.push(Error::invalid(
            &path.child("preserveUnknownFields"),
            true,
            why,
        ));
    }
}

/// What a definition becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, _: &Options, errors: &mut Errors) {
    let metadata = |object: &Value| object.get("metadata").cloned().unwrap_or_default();
    object_meta_update::validate_generic(
        &metadata(new),
        &metadata(old),
        &Path::root("metadata"),
        errors,
    );
    let none = Value::Null;
    let (spec, old_spec) = (
        new.get("spec").unwrap_or(&none),
        old.get("spec").unwrap_or(&none),
    );
    validate_spec(spec, errors);
    let path = Path::root("spec");
    let names = path.child("names");
    let mut fixed = |path: &Path<'_>, key: &[&str]| {
        let (new, old) = (spec.at(key), old_spec.at(key));
        if new != old {
            let value = new.cloned().unwrap_or_else(|| "".into());
            errors.push(Error::invalid(path, value, "field is immutable"));
        }
    };
    if is_established(old) {
        fixed(&path.child("scope"), &["scope"]);
        fixed(&names.child("kind"), &["names", "kind"]);
    }
    fixed(&path.child("group"), &["group"]);
    fixed(&names.child("plural"), &["names", "plural"]);
    validate_status(new, errors);
    if spec.bool("preserveUnknownFields") == Some(true)
        && old_spec.bool("preserveUnknownFields") != Some(true)
    {
        let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errors.push(Error::invalid(
            &path.child("preserveUnknownFields"),
            true,
            why,
        ));
    }
}

/// What a definition becomes by an update of its status.
pub(super) fn validate_status_update(new: &Value, old: &Value, _: &Options, errors: &mut Errors) {
    let metadata = |object: &Value| object.get("metadata").cloned().unwrap_or_default();
    object_meta_update::validate_generic(
        &metadata(new),
        &metadata(old),
        &Path::root("metadata"),
        errors,
    );
    validate_status(new, errors);
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition
        .get("status")
        .map(|status| status.items("conditions"));
    conditions.unwrap_or_default().iter().any(|condition| {
        condition.str("type") == Some("Established") && condition.str("status") == Some("True")
    })
}

fn validate_spec(spec: &Value, errors: &mut Errors) {
    let path = Path::root("spec");
    let group = spec.str_or_empty("group");
    let group_path = path.child("group");
    if group.is_empty() {
        errors.push(Error::required(&group_path, ""));
    } else {
        let faults = rules::dns1123_subdomain(group);
        if !faults.is_empty() {
            errors.push(Error::invalid(&group_path, group, faults.join(",")));
        } else if !group.contains('.') {
            let why = "should be a domain with at least one dot";
            errors.push(Error::invalid(&group_path, group, why));
        }
    }
    one_of(spec, "scope", &["Cluster", "Namespaced"], &path, errors);
    versions::validate(spec, &path, errors);
    let given = spec.get("names").unwrap_or(&Value::Null);
    let names_path = path.child("names");
    for key in ["plural", "singular", "kind", "listKind"] {
        if given.str_or_empty(key).is_empty() {
            errors.push(Error::required(&names_path.child(key), ""));
        }
    }
    names::validate(given, &names_path, errors);
    versions::validate_common(spec, &path, errors);
    conversion::validate(spec, &path, errors);
}

/// A text that must be one of a few.
fn one_of(holder: &Value, key: &str, allowed: &[&str], path: &Path<'_>, errors: &mut Errors) {
    let path = path.child(key);
    match holder.str_or_empty(key) {
        "" => errors.push(Error::required(&path, "")),
        text if allowed.contains(&text) => {}
        text => errors.push(Error::not_supported(&path, text, allowed)),
    }
}

fn validate_status(definition: &Value, errors: &mut Errors) {
    let status = definition.get("status").unwrap_or(&Value::Null);
    let path = Path::root("status");
    if let Some(accepted) = status.get("acceptedNames") {
        names::validate(accepted, &path.child("acceptedNames"), errors);
    }
    let stored = status.items("storedVersions");
    let path = path.child("storedVersions");
    if stored.is_empty() {
        let shown = status.get("storedVersions").cloned().unwrap_or_default();
        errors.push(Error::invalid(
            &path,
            shown,
            "must have at least one stored version",
        ));
        return;
    }
    let versions = definition
        .get("spec")
        .map(|spec| spec.items("versions"))
        .unwrap_or_default();
    for version in versions {
        let name = version.str_or_empty("name");
        let is_stored = stored.iter().any(|known| known.as_str() == Some(name));
        if version.bool("storage") == Some(true) && !is_stored {
            let why = format!("must have the storage version {name}");
            errors.push(Error::invalid(&path, Value::Array(stored.to_vec()), why));
        }
    }
    for (place, known) in stored.iter().enumerate() {
        let name = known.as_str().unwrap_or_default();
        if !versions
            .iter()
            .any(|version| version.str("name") == Some(name))
        {
            errors.push(Error::invalid(
                &path.index(place),
                name,
                "must appear in spec.versions",
            ));
        }
    }
}

/// Groups of the project itself need its approval.
fn validate_approval(metadata: &Value, spec: &Value, errors: &mut Errors) {
    let group = spec.str_or_empty("group");
    let is_protected = |domain: &str| {
        group
            .strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !is_protected("k8s.io") && !is_protected("kubernetes.io") {
        return;
    }
    let path = Path::root("metadata");
    let path = path.child("annotations");
    let path = path.key(APPROVAL);
    let annotations = metadata.get("annotations").unwrap_or(&Value::Null);
    match annotations.str_or_empty(APPROVAL) {
        "" => {
            let why = format!(
                "protected groups must have approval annotation \"{APPROVAL}\", {APPROVAL_HELP}"
            );
            errors.push(Error::required(&path, why));
        }
        text if text.starts_with("unapproved") => {}
        text => {
            let is_url = text
                .split_once("://")
                .is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
            if !is_url {
                let why = format!(
                    "protected groups must have approval annotation \"{APPROVAL}\" with either a URL or a reason starting with \"unapproved\", {APPROVAL_HELP}"
                );
                errors.push(Error::invalid(&path, text, why));
            }
        }
    }
}

/// The schema of a version, or of all: form, structure, and whether its defaults fit it.
fn validate_schema(schema: &Value, has_status: bool, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("openAPIV3Schema");
    if has_status {
        open_api::validate_root_with_status(schema, &path, errors);
    }
    if schema.bool("nullable") == Some(true) {
        let why = "nullable cannot be true at the root";
        errors.push(Error::forbidden(&path.child("nullable"), why));
    }
    open_api::validate(schema, &path, errors);
    let structural = errors.len();
    structure::validate(schema, structure::Level::Root, &path, errors);
    if errors.len() == structural {
        validate_defaults(schema, &path, errors);
    }
}

fn validate_defaults(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(default) = schema.get("default") {
        let of = structural::Schema::read(schema);
        let path = path.child("default");
        let mut pruned = default.clone();
        if !structural::prune_part(&mut pruned, &of).is_empty() {
            let why = "must not have unknown fields";
            errors.push(Error::invalid(&path, default.clone(), why));
        }
        errors.extend(structural::validate(default, None, &of, &path.to_string()));
    }
    let mut properties: Vec<(&str, &Value)> = schema.entries("properties").collect();
    properties.sort_unstable_by_key(|(name, _)| *name);
    for (name, property) in properties {
        validate_defaults(property, &path.child("properties").key(name), errors);
    }
    if let Some(of) = schema.get("additionalProperties") {
        validate_defaults(of, &path.child("additionalProperties"), errors);
    }
    if let Some(items) = schema.get("items") {
        validate_defaults(items, &path.child("items"), errors);
    }
}
