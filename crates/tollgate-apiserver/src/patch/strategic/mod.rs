//! Strategic merge patch: objects merge, and so do lists whose type names a merge key; directives do the rest.
//!
//! - `$patch: replace` and `$patch: delete` in an object or in a member of a merged list;
//! - `$retainKeys` drops the keys of an object that it does not list;
//! - `$deleteFromPrimitiveList/x` takes texts out of the list `x`;
//! - `$setElementOrder/x` orders the list `x`.
//!
//! How lists merge is in the table of API types. Where upstream goes through the keys of a patch in the random order of
//! a map, this goes in written order.

mod list;
mod lookup;
mod order;

use super::PatchError;
use super::duplicates::last_of_each;
use super::go_value::{Printed, PrintedMap};
use lookup::Schema;
use tollgate_api::go_format::json_kind;
use tollgate_api::{Object, Value};
use tollgate_objects::schema::StructType;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const SET_ORDER: &str = "$setElementOrder";

/// Merges `patch` into `document`, an object of the type `of`. On error the document may be changed in part.
///
/// New subtrees are taken without their nulls; new members of merged lists and replaced lists are taken as they are
/// written, directives and all, which decoding then finds to be unknown fields.
pub fn apply(document: &mut Value, patch: &Value, of: StructType) -> Result<(), PatchError> {
    let patch = last_of_each(patch);
    let patch = match patch.as_ref() {
        Value::Null => return Ok(()),
        Value::Object(patch) => patch,
        other => {
            return Err(PatchError::Malformed(format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                json_kind(other)
            )));
        }
    };
    if document.as_object().is_none() {
        *document = Value::object();
    }
    match document {
        Value::Object(object) => merge_object(object, patch, Schema::of(of)),
        _ => Ok(()),
    }
}

/// The patch as the answer to an object that cannot be decoded quotes it: `map[spec:map[replicas:x]]`.
pub fn printed(patch: &Value) -> String {
    Printed(patch).to_string()
}

/// Merges `patch` into `original`.
fn merge_object(original: &mut Object, patch: &Object, schema: Schema) -> Result<(), PatchError> {
    if let Some(directive) = patch.get_or_null(DIRECTIVE) {
        *original = directed(directive, patch)?;
        return Ok(());
    }
    if let Some(keys) = patch.get_or_null(RETAIN_KEYS) {
        retain_keys(original, patch, keys)?;
    }
    let mut ordered = Vec::new();
    for (key, order) in patch.iter().filter(|(key, _)| key.starts_with(SET_ORDER)) {
        let name = suffix(key, SET_ORDER)
            .ok_or_else(|| malformed("invalid patch format of setElementOrder list"))?;
        list::merge_ordered(original, patch, name, order, schema)?;
        ordered.push(name);
    }
    for (key, change) in patch.iter() {
        if key.starts_with(SET_ORDER) || key == RETAIN_KEYS || ordered.contains(&key) {
            continue;
        }
        if key.starts_with(DELETE_FROM) {
            let name = suffix(key, DELETE_FROM)
                .ok_or_else(|| malformed("invalid patch format of primitive list"))?;
            delete_from(original, name, change, schema)?;
        } else {
            merge_key(original, key, change, schema)?;
        }
    }
    Ok(())
}

/// What a `$patch` directive makes of an object.
fn directed(directive: &Value, patch: &Object) -> Result<Object, PatchError> {
    match directive.as_str() {
        Some("replace") => Ok(patch
            .iter()
            .filter(|(key, _)| *key != DIRECTIVE)
            .map(|(key, value)| (key, value.clone()))
            .collect()),
        Some("delete") => Ok(Object::new()),
        _ => Err(unknown_directive(directive, patch)),
    }
}

fn unknown_directive(directive: &Value, patch: &Object) -> PatchError {
    let text = match directive {
        Value::String(text) => text.to_string(),
        other => lookup::verb_mismatch(other),
    };
    unmergeable(format!(
        "unknown patch type: {text} in map: {}",
        PrintedMap(patch)
    ))
}

fn merge_key(
    original: &mut Object,
    key: &str,
    change: &Value,
    schema: Schema,
) -> Result<(), PatchError> {
    if change.is_null() {
        original.remove(key);
        return Ok(());
    }
    match (original.get_mut(key), change) {
        (Some(Value::Object(inner)), Value::Object(change)) => {
            let field = schema.field(key)?;
            if field.strategy == Some("replace") {
                *inner = change.clone();
                return Ok(());
            }
            merge_object(inner, change, field.schema)
        }
        (Some(Value::Array(items)), Value::Array(change)) => {
            let field = schema.list_field(key)?;
            let before = std::mem::take(items);
            *items = if field.strategy == Some("merge") {
                list::merge(before, change, &field, false)?
            } else {
                change.clone()
            };
            Ok(())
        }
        (_, change) => {
            match taken(change) {
                Some(value) => original.insert(key, value),
                None => {
                    original.remove(key);
                }
            }
            Ok(())
        }
    }
}

fn delete_from(
    original: &mut Object,
    name: &str,
    members: &Value,
    schema: Schema,
) -> Result<(), PatchError> {
    match (original.get_mut(name), members) {
        (_, Value::Null) => {
            original.remove(name);
        }
        (Some(Value::Array(items)), Value::Array(members)) => {
            let field = schema.list_field(name)?;
            *items = list::merge(std::mem::take(items), members, &field, true)?;
        }
        (Some(Value::Object(inner)), Value::Object(change)) => {
            let field = schema.field(name)?;
            merge_object(inner, change, field.schema)?;
        }
        (Some(place @ (Value::Bool(_) | Value::Number(_) | Value::String(_))), change)
            if std::mem::discriminant(place) == std::mem::discriminant(change) =>
        {
            *place = change.clone();
        }
        _ => {}
    }
    Ok(())
}

/// What is new is taken without nulls and without what stands beside a `$patch` directive; none if that is all.
fn taken(value: &Value) -> Option<Value> {
    match value {
        Value::Object(object) => {
            if object.contains_key(DIRECTIVE) {
                return None;
            }
            let kept = object.iter().filter(|(_, value)| !value.is_null());
            Some(Value::Object(
                kept.filter_map(|(key, value)| Some((key, taken(value)?)))
                    .collect(),
            ))
        }
        Value::Array(items) => Some(Value::Array(items.iter().filter_map(taken).collect())),
        other => Some(other.clone()),
    }
}

fn retain_keys(original: &mut Object, patch: &Object, keys: &Value) -> Result<(), PatchError> {
    let bad = || malformed("invalid patch format of retainKeys");
    let keys = keys.as_array().ok_or_else(bad)?;
    let keys: std::collections::BTreeSet<&str> = keys.iter().filter_map(Value::as_str).collect();
    let all_listed = patch.iter().all(|(key, value)| {
        value.is_null()
            || key == RETAIN_KEYS
            || key.starts_with(DELETE_FROM)
            || key.starts_with(SET_ORDER)
            || keys.contains(key)
    });
    if !all_listed {
        return Err(bad());
    }
    original.retain(|key, _| keys.contains(key));
    Ok(())
}

/// The name after the slash of a directive's key, which must be `prefix` up to there.
fn suffix<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    let (directive, name) = key.split_once('/')?;
    (directive == prefix).then_some(name)
}

fn malformed(text: &str) -> PatchError {
    PatchError::Malformed(text.to_owned())
}

fn unmergeable(text: String) -> PatchError {
    PatchError::Unmergeable(text)
}
