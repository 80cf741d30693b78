//! Values of objects as expressions see them.

use crate::cel::escaped;
use cel::Value as Cel;
use cel::objects::{Key, Map};
use std::sync::Arc;
use tollgate_api::{Number, Value};

/// A value with the types that its schema gives it.
pub(super) fn of(value: &Value, schema: &Value, is_resource: bool) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Number(number) => match (number, schema.str_or_empty("type")) {
            (_, "number") => Cel::Float(number.as_f64()),
            (Number::Int(value), _) => Cel::Int(*value),
            (Number::Float(value), "integer") => {
                number.as_i64().map_or(Cel::Float(*value), Cel::Int)
            }
            (Number::Float(value), _) => Cel::Float(*value),
        },
        Value::String(text) => text_of(text, schema.str_or_empty("format")),
        Value::Array(items) => {
            let of_items = schema.get("items").unwrap_or(&Value::Null);
            let items = items.iter().map(|item| of(item, of_items, false));
            Cel::List(Arc::new(items.collect()))
        }
        Value::Object(object) => {
            let is_resource =
                is_resource || schema.bool("x-kubernetes-embedded-resource") == Some(true);
            let entries = object.iter().filter_map(|(key, child)| {
                let (key, schema) = field(schema, key, is_resource)?;
                Some((Key::String(Arc::new(key)), of(child, schema, false)))
            });
            Cel::Map(Map {
                map: Arc::new(entries.collect()),
            })
        }
    }
}

/// How an expression names a member of an object, and what its schema is; none if it cannot be seen.
fn field<'s>(schema: &'s Value, key: &str, is_resource: bool) -> Option<(String, &'s Value)> {
    if let Some(property) = schema.get("properties").and_then(|found| found.get(key)) {
        return Some((escaped(key)?.into_owned(), property));
    }
    match schema.get("additionalProperties") {
        Some(of @ Value::Object(_)) => return Some((key.to_owned(), of)),
        Some(Value::Bool(true)) => return Some((key.to_owned(), &Value::Null)),
        _ => {}
    }
    let is_untyped = schema.is_null();
    let is_of_resource = is_resource && matches!(key, "apiVersion" | "kind" | "metadata");
    (is_untyped || is_of_resource).then(|| (key.to_owned(), &Value::Null))
}

fn text_of(text: &str, format: &str) -> Cel {
    let typed = match format {
        "date-time" => chrono::DateTime::parse_from_rfc3339(text)
            .ok()
            .map(Cel::Timestamp),
        "date" => chrono::DateTime::parse_from_rfc3339(&format!("{text}T00:00:00Z"))
            .ok()
            .map(Cel::Timestamp),
        _ => None,
    };
    typed.unwrap_or_else(|| Cel::String(Arc::new(text.to_owned())))
}
