//! Logic over values: inside of it no types are said, and no fields that are not known outside.

use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const EMPTY: &str = "must be empty to be structural";
/// What is said outside of logic only.
const OUTSIDE: &[&str] = &[
    "description",
    "type",
    "title",
    "default",
    "nullable",
    "additionalProperties",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
];

pub(super) fn validate(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    let is_int_or_string = schema.bool("x-kubernetes-int-or-string") == Some(true);
    for key in ["allOf", "anyOf", "oneOf"] {
        let list = path.child(key);
        for (place, of) in schema.items(key).iter().enumerate() {
            // The usual way to say that either is allowed names both types.
            let says_both = is_int_or_string
                && (key == "anyOf" && are_both(schema.items("anyOf"))
                    || key == "allOf" && place == 0 && are_both(of.items("anyOf")));
            if !says_both {
                inside(of, schema, &list.index(place), path, errors);
            }
        }
    }
    if let Some(not) = schema.get("not") {
        inside(not, schema, &path.child("not"), path, errors);
    }
}

fn are_both(schemas: &[Value]) -> bool {
    let types: Vec<&str> = schemas
        .iter()
        .map(|schema| schema.str_or_empty("type"))
        .collect();
    types == ["integer", "string"]
}

fn inside(
    logic: &Value,
    outer: &Value,
    path: &Path<'_>,
    outer_path: &Path<'_>,
    errors: &mut Errors,
) {
    for key in OUTSIDE {
        let is_said = match logic.get(key) {
            None | Some(Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        };
        if is_said {
            errors.push(Error::forbidden(&path.child(key), EMPTY));
        }
    }
    let mut properties: Vec<(&str, &Value)> = logic.entries("properties").collect();
    properties.sort_unstable_by_key(|(name, _)| *name);
    let (list, outer_list) = (path.child("properties"), outer_path.child("properties"));
    for (name, property) in properties {
        let (here, there) = (list.key(name), outer_list.key(name));
        match outer
            .get("properties")
            .and_then(|properties| properties.get(name))
        {
            Some(outer) => inside(property, outer, &here, &there, errors),
            None => errors.push(Error::required(
                &there,
                format!("because it is defined in {here}"),
            )),
        }
    }
    if let Some(items) = logic.get("items") {
        let (here, there) = (path.child("items"), outer_path.child("items"));
        match outer.get("items") {
            Some(outer) => inside(items, outer, &here, &there, errors),
            None => errors.push(Error::required(
                &there,
                format!("because it is defined in {here}"),
            )),
        }
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        let list = path.child(key);
        for (place, of) in logic.items(key).iter().enumerate() {
            inside(of, outer, &list.index(place), outer_path, errors);
        }
    }
    if let Some(not) = logic.get("not") {
        inside(not, outer, &path.child("not"), outer_path, errors);
    }
}
