//! Why a tree is no object of its type, in the words of the converter that takes a tree for decoded JSON.
//!
//! Upstream uses it where an object comes from no text: after a strategic merge patch. It takes numbers more easily
//! than the decoder of texts, and its messages name no field.

use super::go_type::{go_type, go_type_of};
use super::lookup::{ShapeRef, StructType};
use super::{Field, base64, time};
use std::collections::BTreeMap;
use tollgate_api::go_format::json_kind;
use tollgate_api::{Number, Quantity, Value};

/// What is wrong with `object` as one of type `of`: the first thing in the order of declared fields, keys sorted.
///
/// Unknown fields are no matter here.
pub fn restore_problem(of: StructType, object: &Value) -> Option<String> {
    check_struct(object, of)
}

fn check(value: &Value, shape: ShapeRef, go: &str) -> Option<String> {
    if value.is_null() {
        return None;
    }
    match shape {
        ShapeRef::Struct(of) => check_struct(value, of),
        ShapeRef::List(member) => match value {
            Value::Array(items) => {
                let go = go.strip_prefix("[]").unwrap_or(go);
                items
                    .iter()
                    .find_map(|item| check(item, member.shape(), go))
            }
            _ => Some(format!("cannot restore slice from {}", kind(value))),
        },
        ShapeRef::Map(member) => match value {
            Value::Object(object) => {
                let sorted: BTreeMap<&str, &Value> = object.iter().collect();
                let go = go_type(member.shape());
                sorted
                    .into_values()
                    .find_map(|item| check(item, member.shape(), &go))
            }
            _ => Some(format!("cannot restore map from {}", kind(value))),
        },
        ShapeRef::Bytes => match value {
            Value::String(text) => base64::illegal_at(text).map(|at| {
                format!("error decoding from json: illegal base64 data at input byte {at}")
            }),
            _ => Some(format!("cannot restore slice from {}", kind(value))),
        },
        ShapeRef::Any => None,
        ShapeRef::SchemaOr(of, _) => match value {
            Value::Object(_) => check_struct(value, of),
            _ => None,
        },
        ShapeRef::Quantity => Quantity::from_value(value).err().map(|why| why.to_string()),
        ShapeRef::Time { micro } => match value {
            Value::String(text) => time::problem(text, micro),
            _ => Some(unreadable(value, "string")),
        },
        ShapeRef::IntOrString => match value {
            Value::String(_) => None,
            Value::Number(number) => match number.as_i64().map(i32::try_from) {
                Some(Ok(_)) => None,
                _ => Some(format!(
                    "json: cannot unmarshal number {number} into Go value of type int32"
                )),
            },
            _ => Some(unreadable(value, "int32")),
        },
        ShapeRef::String
        | ShapeRef::Bool
        | ShapeRef::Int32
        | ShapeRef::Int64
        | ShapeRef::Float64 => check_scalar(value, shape, go),
    }
}

fn check_struct(value: &Value, of: StructType) -> Option<String> {
    let Value::Object(object) = value else {
        return Some(format!("cannot restore struct from: {}", kind(value)));
    };
    of.fields().iter().find_map(|field| {
        if field.is_inline() {
            return match field.shape() {
                ShapeRef::Struct(inner) => check_struct(value, inner),
                _ => None,
            };
        }
        let value = object.get(field.name)?;
        check(value, field.shape(), &go_name(field, of))
    })
}

fn go_name(field: &Field, of: StructType) -> String {
    match field.shape() {
        // Only the names of scalars, and of lists of them, are printed.
        ShapeRef::Struct(_) | ShapeRef::Map(_) | ShapeRef::SchemaOr(..) => String::new(),
        _ => go_type_of(field, of.name()),
    }
}

fn check_scalar(value: &Value, shape: ShapeRef, go: &str) -> Option<String> {
    let bare = go_type(shape);
    match (shape, value) {
        (ShapeRef::String, Value::String(_))
        | (ShapeRef::Bool, Value::Bool(_))
        | (ShapeRef::Int32 | ShapeRef::Int64, Value::Number(Number::Int(_)))
        | (ShapeRef::Float64, Value::Number(_)) => None,
        (ShapeRef::Int32 | ShapeRef::Int64, Value::Number(Number::Float(number)))
            if number.fract() == 0.0 =>
        {
            None
        }
        (ShapeRef::Int32 | ShapeRef::Int64, Value::Number(_)) => {
            Some(format!("cannot convert float64 to {go}"))
        }
        (ShapeRef::String, Value::Number(Number::Int(_))) => {
            Some(format!("cannot convert int64 to {go}"))
        }
        _ => Some(format!("unrecognized type: {bare}")),
    }
}

/// Go's name for the sort of a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(Number::Int(_)) => "int64",
        Value::Number(Number::Float(_)) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

fn unreadable(value: &Value, wanted: &str) -> String {
    let found = json_kind(value);
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}
