//! What many cells are made of.

use super::age;
use tollgate_api::{Quantity, Timestamp, Value};

/// What stands for nothing.
pub(super) const NONE: &str = "<none>";
/// What stands for a field that nobody set.
pub(super) const UNSET: &str = "<unset>";

/// The name of an object.
pub(super) fn name(object: &Value) -> Value {
    object
        .at(&["metadata", "name"])
        .cloned()
        .unwrap_or_else(|| "".into())
}

/// How old an object is.
pub(super) fn age(object: &Value, now: Timestamp) -> Value {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    age::since(metadata, "creationTimestamp", now).into()
}

/// When an object was made.
pub(super) fn created_at(object: &Value) -> Value {
    let written = object
        .at(&["metadata", "creationTimestamp"])
        .and_then(Value::as_str);
    match written.and_then(Timestamp::parse) {
        Some(time) => time.to_string().into(),
        None => "0001-01-01T00:00:00Z".into(),
    }
}

/// The text under a path of keys, empty if there is none.
pub(super) fn str_at<'o>(object: &'o Value, keys: &[&str]) -> &'o str {
    object.at(keys).and_then(Value::as_str).unwrap_or_default()
}

/// The text under a path of keys.
pub(super) fn at(object: &Value, keys: &[&str]) -> Value {
    str_at(object, keys).into()
}

/// The text under a path of keys, or what stands for nothing.
pub(super) fn at_or(object: &Value, keys: &[&str], nothing: &str) -> Value {
    match str_at(object, keys) {
        "" => nothing.into(),
        text => text.into(),
    }
}

/// The number under a path of keys, 0 if there is none.
pub(super) fn int_at(object: &Value, keys: &[&str]) -> i64 {
    object.at(keys).and_then(Value::as_i64).unwrap_or_default()
}

/// The boolean under a path of keys, or a default.
pub(super) fn bool_at(object: &Value, keys: &[&str], default: bool) -> bool {
    object.at(keys).and_then(Value::as_bool).unwrap_or(default)
}

/// The members of the list under a path of keys.
pub(super) fn items_at<'o>(object: &'o Value, keys: &[&str]) -> &'o [Value] {
    object
        .at(keys)
        .and_then(Value::as_array)
        .unwrap_or_default()
}

/// How many members a list or map has.
pub(super) fn count_at(object: &Value, keys: &[&str]) -> i64 {
    let count = match object.at(keys) {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Object(entries)) => entries.len(),
        _ => 0,
    };
    count_of(count)
}

/// A count as a number of a cell.
pub(super) fn count_of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A list of texts, joined.
pub(super) fn joined(items: &[Value], separator: &str) -> String {
    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    texts.join(separator)
}

/// The first few of a list and how many more there are.
pub(super) fn few(all: &[String], max: usize, separator: &str) -> String {
    let shown = all.get(..max).unwrap_or(all).join(separator);
    match all.len().checked_sub(max) {
        Some(more @ 1..) => format!("{shown} + {more} more..."),
        _ => shown,
    }
}

/// The canonical text of an amount, `0` if there is none.
pub(super) fn quantity(value: Option<&Value>) -> String {
    value.map_or_else(
        || "0".to_owned(),
        |value| match Quantity::from_value(value) {
            Ok(quantity) => quantity.to_string(),
            Err(_) => "0".to_owned(),
        },
    )
}

/// A number or text (`25%`) as text, or what stands for nothing.
pub(super) fn int_or_string(value: Option<&Value>, nothing: &str) -> Value {
    match value {
        Some(Value::String(text)) => text.clone().into(),
        Some(Value::Number(number)) => number.to_string().into(),
        _ => nothing.into(),
    }
}

/// Labels as `a=b,c=d`, sorted.
pub(super) fn labels(labels: Option<&Value>) -> String {
    let text = super::selector::of_labels(labels);
    if text.is_empty() {
        NONE.to_owned()
    } else {
        text
    }
}

/// The names and the images of the containers of a pod template.
pub(super) fn containers(template: Option<&Value>) -> [Value; 2] {
    let containers = template.map_or(&[][..], |template| {
        items_at(template, &["spec", "containers"])
    });
    ["name", "image"].map(|key| {
        let texts: Vec<&str> = containers
            .iter()
            .map(|container| container.str_or_empty(key))
            .collect();
        texts.join(",").into()
    })
}

/// The condition of that type.
pub(super) fn condition<'o>(object: &'o Value, kind: &str) -> Option<&'o Value> {
    let conditions = items_at(object, &["status", "conditions"]);
    conditions
        .iter()
        .find(|condition| condition.str_or_empty("type") == kind)
}

/// Whether the condition of that type is true.
pub(super) fn is_true(object: &Value, kind: &str) -> bool {
    let conditions = items_at(object, &["status", "conditions"]);
    conditions.iter().any(|condition| {
        condition.str_or_empty("type") == kind && condition.str_or_empty("status") == "True"
    })
}

/// Whether the object is being deleted.
pub(super) fn is_deleted(object: &Value) -> bool {
    object.at(&["metadata", "deletionTimestamp"]).is_some()
}
