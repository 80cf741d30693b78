//! Trees to messages.

use super::writer::{WireType, Writer};
use crate::canonical;
use crate::encode;
use crate::schema::{Alternative, Field, ShapeRef, StructType};
use tollgate_api::{Object, Timestamp, Value};

/// An object of which nothing is set.
static NOTHING: Object = Object::new();

/// Writes the fields of a struct, the last one first.
pub(super) fn structure(out: &mut Writer, value: Option<&Value>, of: StructType) {
    let object = value.and_then(Value::as_object).unwrap_or(&NOTHING);
    for declared in of.fields_by_number().rev() {
        if !declared.is_inline() {
            let found = object.get(declared.name);
            field(
                out,
                declared,
                found.filter(|found| encode::fits(found, declared.shape())),
            );
            continue;
        }
        if let ShapeRef::Struct(inner) = declared.shape() {
            // Its fields stand in the outer object.
            out.message(declared.number, |out| structure(out, value, inner));
        }
    }
}

fn field(out: &mut Writer, declared: &Field, value: Option<&Value>) {
    let number = declared.number;
    match (declared.shape(), value) {
        (ShapeRef::List(inner), Some(Value::Array(items))) if !declared.is_wrapped() => {
            repeated(out, number, items, inner.shape());
        }
        (ShapeRef::Map(inner), Some(Value::Object(map))) => {
            entries(out, number, map, inner.shape());
        }
        (ShapeRef::List(_) | ShapeRef::Map(_) | ShapeRef::Bytes, None) => {}
        (_, None) if declared.is_pointer() => {}
        // Go has no absent numbers, texts or structs: their zero is written.
        (shape, value) => single(out, number, value, shape),
    }
}

fn repeated(out: &mut Writer, number: u16, items: &[Value], shape: ShapeRef) {
    for item in items.iter().rev() {
        single(
            out,
            number,
            Some(item).filter(|item| encode::fits(item, shape)),
            shape,
        );
    }
}

/// A map is a list of messages of key and value, sorted by key.
fn entries(out: &mut Writer, number: u16, map: &Object, shape: ShapeRef) {
    encode::by_key(map, |entries| {
        let entries: Vec<_> = entries.collect();
        for (key, value) in entries.into_iter().rev() {
            out.message(number, |out| {
                single(
                    out,
                    2,
                    Some(value).filter(|value| encode::fits(value, shape)),
                    shape,
                );
                out.text(1, key.as_bytes());
            });
        }
    });
}

/// Writes one value with its tag; nothing stands for Go's zero value.
fn single(out: &mut Writer, number: u16, value: Option<&Value>, shape: ShapeRef) {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    match shape {
        ShapeRef::String => out.text(number, text.as_bytes()),
        ShapeRef::Bool => {
            out.number(
                number,
                i64::from(value.and_then(Value::as_bool) == Some(true)),
            );
        }
        ShapeRef::Int32 | ShapeRef::Int64 => {
            out.number(number, value.and_then(Value::as_i64).unwrap_or_default());
        }
        ShapeRef::Float64 => {
            let float = match value {
                Some(Value::Number(number)) => number.as_f64(),
                _ => 0.0,
            };
            out.bytes(&float.to_le_bytes());
            out.tag(number, WireType::Fixed64);
        }
        ShapeRef::Bytes => out.text(number, &canonical::bytes(text).unwrap_or_default()),
        ShapeRef::Quantity => out.message(number, |out| {
            out.text(1, value.map_or("0".into(), encode::quantity).as_bytes());
        }),
        ShapeRef::IntOrString => out.message(number, |out| {
            out.text(3, text.as_bytes());
            out.number(2, value.and_then(Value::as_i64).unwrap_or_default());
            out.number(1, i64::from(value.and_then(Value::as_str).is_some()));
        }),
        ShapeRef::Time { micro } => out.message(number, |out| time(out, text, micro)),
        ShapeRef::Any => out.message(number, |out| raw(out, value)),
        ShapeRef::SchemaOr(of, other) => {
            out.message(number, |out| schema_or(out, value, of, other));
        }
        ShapeRef::Struct(of) => out.message(number, |out| structure(out, value, of)),
        // A list that is a map's value is a message of its own.
        ShapeRef::List(inner) => out.message(number, |out| {
            let items = value.and_then(Value::as_array).unwrap_or_default();
            repeated(out, 1, items, inner.shape());
        }),
        ShapeRef::Map(inner) => out.message(number, |out| {
            let map = value.and_then(Value::as_object).unwrap_or(&NOTHING);
            entries(out, 1, map, inner.shape());
        }),
    }
}

/// A time that is not set is an empty message.
fn time(out: &mut Writer, text: &str, micro: bool) {
    let Some(time) = Timestamp::parse(text) else {
        return;
    };
    if canonical::print_time(time, micro).is_none() {
        return;
    }
    let nanos = if micro {
        time.subsecond_nanos() / 1_000 * 1_000
    } else {
        0
    };
    out.number(2, i64::from(nanos));
    out.number(1, time.unix_seconds());
}

/// JSON of which no type is known is kept as text.
fn raw(out: &mut Writer, value: Option<&Value>) {
    if let Some(value) = value {
        let mut text = Vec::new();
        encode::untyped(value, &mut text);
        out.text(1, &text);
    }
}

fn schema_or(out: &mut Writer, value: Option<&Value>, of: StructType, other: Alternative) {
    let schema_number = if other == Alternative::Bool { 2 } else { 1 };
    match value {
        Some(Value::Object(_)) => {
            out.message(schema_number, |out| structure(out, value, of));
            if other == Alternative::Bool {
                out.number(1, 1);
            }
        }
        Some(Value::Array(items)) => {
            let inner = match other {
                Alternative::Strings => ShapeRef::String,
                _ => ShapeRef::Struct(of),
            };
            repeated(out, 2, items, inner);
        }
        _ if other == Alternative::Bool => {
            out.number(1, i64::from(value.and_then(Value::as_bool) == Some(true)));
        }
        _ => {}
    }
}
