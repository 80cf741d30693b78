//! Claims of storage: `ValidatePersistentVolumeClaim`.

use super::Options;
use super::label_selector::{self, Values};
use super::object_meta::{self, annotations, invalid_each, labels};
use super::pod::resources::quantity;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, names};

/// Sorted, as messages list them.
pub(super) const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

const ALONE: &str = "ReadWriteOncePod";

/// Validates a claim that is to be created.
pub fn validate_create(claim: &Value, _options: &Options, errors: &mut Errors) {
    object_meta::validate(
        claim.get("metadata").unwrap_or(&Value::Null),
        true,
        names::dns1123_subdomain,
        &Path::root("metadata"),
        errors,
    );
    let spec = claim.get("spec").unwrap_or(&Value::Null);
    validate_spec(spec, &Path::root("spec"), errors);
}

/// Fields of metadata that a template must not have, in the order in which Go declares them.
const NOT_IN_TEMPLATES: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// Validates the template of a claim in an ephemeral volume.
pub(super) fn validate_template(template: &Value, path: &Path<'_>, errors: &mut Errors) {
    let metadata = template.get("metadata").unwrap_or(&Value::Null);
    let metadata_path = path.child("metadata");
    annotations(metadata, &metadata_path.child("annotations"), errors);
    labels(metadata, "labels", &metadata_path.child("labels"), errors);
    for field in NOT_IN_TEMPLATES {
        let is_zero = match metadata.get(field) {
            None => true,
            Some(Value::String(text)) => text.is_empty(),
            // A number that is no pointer.
            Some(Value::Number(_)) if *field == "generation" => metadata.int(field) == Some(0),
            Some(_) => false,
        };
        if !is_zero {
            let path = match *field {
                // Go's field is `UID`, of which upstream lowers the first letter.
                "uid" => metadata_path.child("uID"),
                field => metadata_path.child(field),
            };
            errors.push(Error::forbidden(&path, "cannot be set"));
        }
    }
    let spec = template.get("spec").unwrap_or(&Value::Null);
    validate_spec(spec, &path.child("spec"), errors);
}

/// Validates the spec of a claim: `ValidatePersistentVolumeClaimSpec`.
pub(super) fn validate_spec(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let modes = spec.items("accessModes");
    let modes_path = path.child("accessModes");
    if modes.is_empty() {
        errors.push(Error::required(
            &modes_path,
            "at least 1 access mode is required",
        ));
    }
    let selector_path = path.child("selector");
    label_selector::validate(spec, "selector", Values::Strict, &selector_path, errors);
    access_modes(modes, &modes_path, errors);
    storage(spec, path, errors);
    class_name(spec, "storageClassName", path, errors);
    if let Some(mode) = spec.str("volumeMode")
        && !matches!(mode, "Block" | "Filesystem")
    {
        errors.push(Error::not_supported(
            &path.child("volumeMode"),
            mode,
            &["Block", "Filesystem"],
        ));
    }
    data_sources(spec, path, errors);
    class_name(spec, "volumeAttributesClassName", path, errors);
}

/// Validates that the modes are known and go together.
pub(super) fn access_modes(modes: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let mut alone = false;
    let mut others = false;
    for mode in modes {
        let mode = mode.as_str().unwrap_or_default();
        if !ACCESS_MODES.contains(&mode) {
            errors.push(Error::not_supported(path, mode, ACCESS_MODES));
        } else if mode == ALONE {
            alone = true;
        } else {
            others = true;
        }
    }
    if alone && others {
        errors.push(Error::forbidden(
            path,
            "may not use ReadWriteOncePod with other access modes",
        ));
    }
}

fn storage(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("resources");
    let path = path.key("storage");
    let requests = spec.at(&["resources", "requests"]);
    let amount = requests
        .and_then(Value::as_object)
        .and_then(|requests| requests.get_or_null("storage"))
        .and_then(|amount| Quantity::from_value(amount).ok());
    match amount {
        None => errors.push(Error::required(&path, "")),
        Some(amount) if amount.sign() <= 0 => errors.push(Error::invalid(
            &path,
            amount.to_string(),
            "must be greater than zero",
        )),
        Some(amount) => quantity("storage", &amount, &path, errors),
    }
}

fn class_name(spec: &Value, field: &'static str, path: &Path<'_>, errors: &mut Errors) {
    let name = spec.str_or_empty(field);
    if !name.is_empty() {
        let messages = names::dns1123_subdomain(name);
        invalid_each(messages, name, &path.child(field), errors);
    }
}

fn data_sources(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let source = spec.get("dataSource");
    let reference = spec.get("dataSourceRef");
    for (field, data) in [("dataSource", source), ("dataSourceRef", reference)] {
        if let Some(data) = data {
            data_source(data, &path.child(field), errors);
        }
    }
    let (Some(source), Some(reference)) = (source, reference) else {
        return;
    };
    let why = if !reference.str_or_empty("namespace").is_empty() {
        "may not be specified when dataSourceRef.namespace is specified"
    } else if ["kind", "name"]
        .into_iter()
        .any(|field| source.str_or_empty(field) != reference.str_or_empty(field))
        || source.str("apiGroup") != reference.str("apiGroup")
    {
        "must match dataSourceRef"
    } else {
        return;
    };
    // Upstream shows a path here, which prints as an empty struct.
    errors.push(Error::invalid(path, Value::object(), why));
}

fn data_source(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["name", "kind"] {
        if source.str_or_empty(field).is_empty() {
            errors.push(Error::required(&path.child(field), ""));
        }
    }
    let group = source.str_or_empty("apiGroup");
    let kind = source.str_or_empty("kind");
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        errors.push(Error::invalid(
            path,
            kind,
            "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
        ));
    }
    if !group.is_empty() {
        let messages = names::dns1123_subdomain(group);
        invalid_each(messages, group, &path.child("apiGroup"), errors);
    }
    let namespace = source.str_or_empty("namespace");
    if !namespace.is_empty() {
        let messages = names::dns1123_label(namespace);
        invalid_each(messages, namespace, &path.child("namespace"), errors);
    }
}
