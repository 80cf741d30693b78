//! Structure: every place has a type, and says it outside of logic.

use super::nested;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Where a schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Root,
    Items,
    Field,
}

/// A schema and all below it.
pub(super) fn validate(schema: &Value, level: Level, path: &Path<'_>, errors: &mut Errors) {
    if schema.as_object().is_none() {
        return;
    }
    let flag = |key: &str| schema.bool(key) == Some(true);
    let kind = schema.str_or_empty("type");
    match schema.get("items") {
        None if kind == "array" => {
            errors.push(Error::required(&path.child("items"), "must be specified"));
        }
        None => {}
        Some(items) => validate(items, Level::Items, &path.child("items"), errors),
    }
    let mut properties: Vec<(&str, &Value)> = schema.entries("properties").collect();
    properties.sort_unstable_by_key(|(name, _)| *name);
    for (name, property) in &properties {
        validate(
            property,
            Level::Field,
            &path.child("properties").key(name),
            errors,
        );
    }
    let is_embedded = flag("x-kubernetes-embedded-resource");
    let additional = path.child("additionalProperties");
    if let Some(of) = schema.get("additionalProperties") {
        if level == Level::Root {
            errors.push(Error::forbidden(
                &additional,
                "must not be used at the root",
            ));
        }
        validate(of, Level::Field, &additional, errors);
    }
    validate_extensions(schema, path, errors);
    nested::validate(schema, path, errors);
    validate_type(schema, level, path, errors);
    if is_embedded && schema.get("additionalProperties").is_some() {
        let why = "must not be used if x-kubernetes-embedded-resource is set";
        errors.push(Error::forbidden(&additional, why));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        let why = "must be object at the root";
        errors.push(Error::invalid(&path.child("type"), kind, why));
    }
    if level == Level::Root || is_embedded {
        validate_metadata(schema, level, path, errors);
    }
    if is_embedded && !flag("x-kubernetes-preserve-unknown-fields") && properties.is_empty() {
        let why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.push(Error::required(&path.child("properties"), why));
    }
}

fn validate_type(schema: &Value, level: Level, path: &Path<'_>, errors: &mut Errors) {
    let flag = |key: &str| schema.bool(key) == Some(true);
    let kind = schema.str_or_empty("type");
    let path = path.child("type");
    if flag("x-kubernetes-embedded-resource") && kind != "object" {
        let why = "must be object if x-kubernetes-embedded-resource is true";
        errors.push(if kind.is_empty() {
            Error::required(&path, why)
        } else {
            Error::invalid(&path, kind, why)
        });
    } else if kind.is_empty()
        && !flag("x-kubernetes-int-or-string")
        && !flag("x-kubernetes-preserve-unknown-fields")
    {
        let why = match level {
            Level::Root => "must not be empty at the root",
            Level::Items => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        errors.push(Error::required(&path, why));
    }
}

fn validate_extensions(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    if schema.bool("x-kubernetes-int-or-string") != Some(true) {
        return;
    }
    let kind = schema.str_or_empty("type");
    if !kind.is_empty() {
        let why = "must be empty if x-kubernetes-int-or-string is true";
        errors.push(Error::invalid(&path.child("type"), kind, why));
    }
    for key in [
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
    ] {
        if schema.bool(key) == Some(true) {
            let why = "must be false if x-kubernetes-int-or-string is true";
            errors.push(Error::invalid(&path.child(key), true, why));
        }
    }
}

/// What every object has is not for a schema to say.
fn validate_metadata(schema: &Value, level: Level, path: &Path<'_>, errors: &mut Errors) {
    let list = path.child("properties");
    let property = |name: &str| schema.get("properties").and_then(|found| found.get(name));
    for name in ["apiVersion", "kind"] {
        if let Some(found) = property(name) {
            let kind = found.str_or_empty("type");
            if kind != "string" {
                let path = list.key(name);
                errors.push(Error::invalid(&path.child("type"), kind, "must be string"));
            }
        }
    }
    let Some(metadata) = property("metadata") else {
        return;
    };
    let path = list.key("metadata");
    let kind = metadata.str_or_empty("type");
    if kind != "object" {
        errors.push(Error::invalid(&path.child("type"), kind, "must be object"));
    }
    if level == Level::Root {
        let other_fields = metadata
            .entries("properties")
            .any(|(name, _)| !matches!(name, "name" | "generateName"));
        let keys = metadata
            .as_object()
            .into_iter()
            .flat_map(tollgate_api::Object::keys);
        let says_more = keys
            .into_iter()
            .any(|key| !matches!(key, "type" | "properties" | "description" | "title"));
        if other_fields || says_more {
            let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
            errors.push(Error::forbidden(&path, why));
        }
    }
}
