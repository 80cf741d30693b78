//! The form of a schema: what OpenAPI has that definitions do not, patterns, types, lists.

use crate::structural::Pattern;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
/// What may stand at the root if the status is validated apart.
const ROOT_FIELDS: &[&str] = &[
    "type",
    "properties",
    "description",
    "title",
    "required",
    "example",
    "externalDocs",
    "nullable",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "additionalProperties",
    "$schema",
    "id",
    "format",
    "default",
];

/// What a schema may say beyond that.
const MORE: &[&str] = &[
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "items",
];

/// With a status of its own, only some fields make sense at the root.
pub(super) fn validate_root_with_status(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    let kind = schema.str_or_empty("type");
    if !kind.is_empty() && kind != "object" {
        let why = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        errors.push(Error::invalid(&path.child("type"), kind, why));
    }
    let keys = schema
        .as_object()
        .into_iter()
        .flat_map(tollgate_api::Object::keys);
    if keys.into_iter().any(|key| !ROOT_FIELDS.contains(&key)) {
        let why = "only [\"Description\" \"Type\" \"Format\" \"Title\" \"Maximum\" \"ExclusiveMaximum\" \"Minimum\" \"ExclusiveMinimum\" \"MaxLength\" \"MinLength\" \"Pattern\" \"MaxItems\" \"MinItems\" \"UniqueItems\" \"MultipleOf\" \"Required\" \"Items\" \"Properties\" \"ExternalDocs\" \"Example\"] fields are allowed at the root of the schema if the status subresource is enabled";
        let keys = schema
            .as_object()
            .into_iter()
            .flat_map(tollgate_api::Object::keys);
        if keys
            .into_iter()
            .any(|key| !ROOT_FIELDS.contains(&key) && !MORE.contains(&key))
        {
            errors.push(Error::invalid(path, schema.clone(), why));
        }
    }
}

/// A schema and all below it.
pub(super) fn validate(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    if schema.as_object().is_none() {
        return;
    }
    refuse_unsupported(schema, path, errors);
    let mut properties: Vec<(&str, &Value)> = schema.entries("properties").collect();
    properties.sort_unstable_by_key(|(name, _)| *name);
    if let Some(of) = schema.get("additionalProperties") {
        let path = path.child("additionalProperties");
        if of.as_bool() == Some(false) {
            let why = "additionalProperties cannot be set to false";
            errors.push(Error::forbidden(&path, why));
        } else if of.as_object().is_some() && !properties.is_empty() {
            let why = "additionalProperties and properties are mutual exclusive";
            errors.push(Error::forbidden(&path, why));
        }
        validate(of, &path, errors);
    }
    for (name, property) in properties {
        validate(property, &path.child("properties").key(name), errors);
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        let path = path.child(key);
        for (place, of) in schema.items(key).iter().enumerate() {
            validate(of, &path.index(place), errors);
        }
    }
    if let Some(not) = schema.get("not") {
        validate(not, &path.child("not"), errors);
    }
    match schema.get("items") {
        Some(Value::Array(_)) => {
            let why = "items must be a schema object and not an array";
            errors.push(Error::forbidden(&path.child("items"), why));
        }
        Some(items) => validate(items, &path.child("items"), errors),
        None => {}
    }
    validate_lists(schema, path, errors);
    validate_map_type(schema, path, errors);
    if schema.bool("x-kubernetes-preserve-unknown-fields") == Some(false) {
        let path = path.child("x-kubernetes-preserve-unknown-fields");
        errors.push(Error::invalid(&path, false, "must be true or undefined"));
    }
}

fn refuse_unsupported(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    if schema.bool("uniqueItems") == Some(true) {
        let why =
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.push(Error::forbidden(&path.child("uniqueItems"), why));
    }
    for key in [
        "$ref",
        "definitions",
        "dependencies",
        "patternProperties",
        "additionalItems",
        "id",
    ] {
        let is_set = match schema.get(key) {
            None => false,
            Some(Value::Object(object)) => !object.is_empty(),
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        };
        if is_set {
            errors.push(Error::forbidden(
                &path.child(key),
                format!("{key} is not supported"),
            ));
        }
    }
    let kind = schema.str_or_empty("type");
    if kind == "null" {
        let why = "type cannot be set to null, use nullable as an alternative";
        errors.push(Error::forbidden(&path.child("type"), why));
    } else if !kind.is_empty() && !TYPES.contains(&kind) {
        errors.push(Error::not_supported(&path.child("type"), kind, TYPES));
    }
    let pattern = schema.str_or_empty("pattern");
    if let Err(error) = Pattern::check(pattern) {
        let why = format!("must be a valid regular expression, but isn't: {error}");
        errors.push(Error::invalid(&path.child("pattern"), pattern, why));
    }
}

fn validate_map_type(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(map_type) = schema.str("x-kubernetes-map-type") else {
        return;
    };
    let kind = schema.str_or_empty("type");
    if kind != "object" {
        let why = "must be object if x-kubernetes-map-type is specified";
        let path = path.child("type");
        errors.push(if kind.is_empty() {
            Error::required(&path, why)
        } else {
            Error::invalid(&path, kind, why)
        });
    }
    let allowed = ["atomic", "granular"];
    if !allowed.contains(&map_type) {
        let path = path.child("x-kubernetes-map-type");
        errors.push(Error::not_supported(&path, map_type, &allowed));
    }
}

fn validate_lists(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    let list_type = schema.str("x-kubernetes-list-type");
    let keys = schema.items("x-kubernetes-list-map-keys");
    let type_path = path.child("x-kubernetes-list-type");
    if let Some(list_type) = list_type {
        let kind = schema.str_or_empty("type");
        if kind != "array" {
            let why = "must be array if x-kubernetes-list-type is specified";
            let path = path.child("type");
            errors.push(if kind.is_empty() {
                Error::required(&path, why)
            } else {
                Error::invalid(&path, kind, why)
            });
        }
        let allowed = ["atomic", "set", "map"];
        if !allowed.contains(&list_type) {
            errors.push(Error::not_supported(&type_path, list_type, &allowed));
        }
    }
    if !keys.is_empty() && list_type != Some("map") {
        let why = "must be map if x-kubernetes-list-map-keys is non-empty";
        errors.push(match list_type {
            None => Error::required(&type_path, why),
            Some(list_type) => Error::invalid(&type_path, list_type, why),
        });
    }
    match list_type {
        Some("map") => validate_list_map(schema, keys, path, errors),
        Some("set") => validate_list_set(schema, path, errors),
        _ => {}
    }
}

fn validate_list_set(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(items) = schema.get("items") else {
        return;
    };
    let path = path.child("items");
    let (key, why) = match items.str_or_empty("type") {
        "array" => (
            "x-kubernetes-list-type",
            "must be atomic as item of a list with x-kubernetes-list-type=set",
        ),
        "object" => (
            "x-kubernetes-map-type",
            "must be atomic as item of a list with x-kubernetes-list-type=set",
        ),
        _ => return,
    };
    match items.str(key) {
        Some("atomic") => {}
        None if key == "x-kubernetes-list-type" => {}
        None => errors.push(Error::invalid(&path.child(key), Value::Null, why)),
        Some(other) => errors.push(Error::invalid(&path.child(key), other, why)),
    }
}

fn validate_list_map(schema: &Value, keys: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let keys_path = path.child("x-kubernetes-list-map-keys");
    if keys.is_empty() {
        let why = "must not be empty if x-kubernetes-list-type is map";
        errors.push(Error::required(&keys_path, why));
    }
    let items_path = path.child("items");
    let Some(items) = schema.get("items") else {
        let why = "must have a schema if x-kubernetes-list-type is map";
        errors.push(Error::required(&items_path, why));
        return;
    };
    let kind = items.str_or_empty("type");
    if kind != "object" {
        let why = "must be object if parent array's x-kubernetes-list-type is map";
        errors.push(Error::invalid(&items_path.child("type"), kind, why));
    }
    let properties_path = items_path.child("properties");
    for (place, key) in keys.iter().enumerate() {
        let name = key.as_str().unwrap_or_default();
        let Some(property) = items
            .get("properties")
            .and_then(|properties| properties.get(name))
        else {
            let why = "entries must all be names of item properties";
            errors.push(Error::invalid(&keys_path.index(place), name, why));
            continue;
        };
        let path = properties_path.key(name);
        let kind = property.str_or_empty("type");
        if matches!(kind, "array" | "object") {
            let why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
            errors.push(Error::invalid(&path.child("type"), kind, why));
        }
        if property.bool("nullable") == Some(true) {
            let why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.push(Error::forbidden(&path.child("nullable"), why));
        }
        let required = items
            .items("required")
            .iter()
            .any(|known| known.as_str() == Some(name));
        if !required && property.get("default").is_none() {
            let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.push(Error::required(&path.child("default"), why));
        }
        if keys
            .get(..place)
            .is_some_and(|earlier| earlier.contains(key))
        {
            let why = "must not contain duplicate entries";
            let shown = Value::Array(keys.to_vec());
            errors.push(Error::invalid(&keys_path, shown, why));
        }
    }
}
