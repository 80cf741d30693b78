//! What an access review must say, and what it must not.

use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Object, Status, Value, names};

const GROUP: &str = "authorization.k8s.io";

/// Checks a review of the cluster; `has_subject` if it names its user.
pub(super) fn validate(review: &Value, has_subject: bool) -> Result<(), Status> {
    let mut errors = Errors::new();
    validate_spec(review, has_subject, &mut errors);
    let bare = bare_metadata(review, &["managedFields"]);
    if !bare.is_empty() {
        errors.push(metadata_error(review, "must be empty"));
    }
    result(&errors)
}

/// Checks a review of a namespace.
pub(super) fn validate_local(review: &Value) -> Result<(), Status> {
    let mut errors = Errors::new();
    validate_spec(review, true, &mut errors);
    let bare = bare_metadata(review, &["managedFields", "namespace"]);
    if !bare.is_empty() {
        errors.push(metadata_error(review, "must be empty except for namespace"));
    }
    let spec = review.get("spec").unwrap_or(&Value::Null);
    if let Some(attributes) = spec.get("resourceAttributes") {
        let asked = attributes.str_or_empty("namespace");
        let metadata = review.get("metadata").unwrap_or(&Value::Null);
        if asked != metadata.str_or_empty("namespace") {
            let path = Path::root("spec.resourceAttributes.namespace");
            errors.push(Error::invalid(
                &path,
                asked,
                "must match metadata.namespace",
            ));
        }
    }
    if let Some(attributes) = spec.get("nonResourceAttributes") {
        let path = Path::root("spec.nonResourceAttributes");
        let shown = internal_attributes(attributes);
        errors.push(Error::invalid(
            &path,
            shown,
            "disallowed on this kind of request",
        ));
    }
    result(&errors)
}

/// Upstream names neither kind nor object here.
fn result(errors: &[Error]) -> Result<(), Status> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid(GROUP, "", "", errors))
    }
}

fn validate_spec(review: &Value, has_subject: bool, errors: &mut Errors) {
    let spec = review.get("spec").unwrap_or(&Value::Null);
    let path = Path::root("spec");
    let resource = spec.get("resourceAttributes");
    let other = spec.get("nonResourceAttributes");
    match (resource, other) {
        (Some(_), Some(other)) => {
            let why = "cannot be specified in combination with resourceAttributes";
            let path = path.child("nonResourceAttributes");
            errors.push(Error::invalid(&path, internal_attributes(other), why));
        }
        (None, None) => {
            let why =
                "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            let path = path.child("resourceAttributes");
            errors.push(Error::invalid(&path, Value::Null, why));
        }
        _ => {}
    }
    if has_subject && spec.str_or_empty("user").is_empty() && spec.items("groups").is_empty() {
        let why = "at least one of user or group must be specified";
        errors.push(Error::invalid(&path.child("user"), "", why));
    }
    let path = path.child("resourceAttributes");
    for (key, check) in [
        (
            "fieldSelector",
            validate_field_requirement as fn(&Value, &Path<'_>, &mut Errors),
        ),
        ("labelSelector", validate_label_requirement),
    ] {
        if let Some(selector) = resource.and_then(|resource| resource.get(key)) {
            validate_selector(selector, &path.child(key), check, errors);
        }
    }
}

fn validate_selector(
    selector: &Value,
    path: &Path<'_>,
    check: fn(&Value, &Path<'_>, &mut Errors),
    errors: &mut Errors,
) {
    let raw = selector.str_or_empty("rawSelector");
    let requirements = selector.items("requirements");
    if !raw.is_empty() && !requirements.is_empty() {
        let why = "may not specified at the same time as requirements";
        errors.push(Error::invalid(&path.child("rawSelector"), raw, why));
    }
    if raw.is_empty() && requirements.is_empty() {
        let why = format!("when {path} is specified, requirements or rawSelector is required");
        errors.push(Error::required(&path.child("requirements"), why));
    }
    for (place, requirement) in requirements.iter().enumerate() {
        check(
            requirement,
            &path.child("requirements").index(place),
            errors,
        );
    }
}

fn validate_field_requirement(requirement: &Value, path: &Path<'_>, errors: &mut Errors) {
    if requirement.str_or_empty("key").is_empty() {
        errors.push(Error::required(&path.child("key"), "must be specified"));
    }
    validate_values(requirement, path, errors);
}

fn validate_label_requirement(requirement: &Value, path: &Path<'_>, errors: &mut Errors) {
    validate_values(requirement, path, errors);
    let key = requirement.str_or_empty("key");
    for why in names::qualified_name(key) {
        errors.push(Error::invalid(&path.child("key"), key, why));
    }
    for (place, value) in requirement.items("values").iter().enumerate() {
        let value = value.as_str().unwrap_or_default();
        for why in names::label_value(value) {
            let path = path.child("values");
            errors.push(Error::invalid(&path.index(place), value, why));
        }
    }
}

/// Operators that this server does not know are those of a newer client, and let through.
fn validate_values(requirement: &Value, path: &Path<'_>, errors: &mut Errors) {
    let has_values = !requirement.items("values").is_empty();
    match requirement.str_or_empty("operator") {
        "In" | "NotIn" if !has_values => errors.push(Error::required(
            &path.child("values"),
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if has_values => errors.push(Error::forbidden(
            &path.child("values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        _ => {}
    }
}

/// The metadata without what may stand there.
fn bare_metadata(review: &Value, allowed: &[&str]) -> Object {
    let metadata = review.get("metadata").and_then(Value::as_object);
    let mut bare = metadata.cloned().unwrap_or_default();
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    };
    bare.retain(|key, value| !allowed.contains(&key) && !is_nothing(value));
    bare
}

fn metadata_error(review: &Value, why: &str) -> Error {
    let metadata = review.get("metadata").cloned().unwrap_or_default();
    Error::invalid(&Path::root("metadata"), metadata, why)
}

/// The attributes of a path as upstream's own type prints them.
fn internal_attributes(attributes: &Value) -> Value {
    let mut shown = Object::new();
    shown.insert("Path", attributes.str_or_empty("path"));
    shown.insert("Verb", attributes.str_or_empty("verb"));
    Value::from(shown)
}
