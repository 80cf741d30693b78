//! Objects of built-in kinds: fields in the order of upstream's declarations, with its omissions.

use super::{plain, text};
use crate::canonical;
use crate::schema::{Alternative, Field, ShapeRef, StructType};
use std::borrow::Cow;
use std::cell::Cell;
use tollgate_api::{Object, Quantity, Value};

/// An object of which nothing is set.
static NOTHING: Object = Object::new();

/// What is written of a list or map that is there and empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// What it is.
    Kept,
    /// `null`: what comes back from a store that cannot tell it from none.
    Forgotten,
}

impl Empty {
    fn forgets(self, value: &Value, shape: ShapeRef) -> bool {
        self == Self::Forgotten
            && match (shape, value) {
                (ShapeRef::List(_), Value::Array(items)) => items.is_empty(),
                (ShapeRef::Map(_), Value::Object(entries)) => entries.is_empty(),
                _ => false,
            }
    }
}

/// What is known of the order of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Nothing stands out of order so far; to look first would cost as much as to write.
    Assumed,
    /// Something does: what was written is worth nothing.
    Broken,
    /// Every object is looked at before it is written.
    Checked,
}

/// How a whole object is written.
#[derive(Debug)]
pub(super) struct Style {
    empty: Empty,
    order: Cell<Order>,
}

/// Writes with `write`, and once more if fields turned out to stand in another order than the declared one.
pub(super) fn in_style(
    out: &mut Vec<u8>,
    empty: Empty,
    mut write: impl FnMut(&mut Vec<u8>, &Style),
) {
    let start = out.len();
    let style = Style {
        empty,
        order: Cell::new(Order::Assumed),
    };
    write(out, &style);
    if style.order.get() == Order::Broken {
        out.truncate(start);
        style.order.set(Order::Checked);
        write(out, &style);
    }
}

/// Writes a struct; what is no object counts as one of which nothing is set.
pub(super) fn structure(out: &mut Vec<u8>, value: Option<&Value>, of: StructType, style: &Style) {
    let object = value.and_then(Value::as_object).unwrap_or(&NOTHING);
    out.push(b'{');
    fields(object, of, style, |declared, value| {
        if value.is_some() || !declared.is_silent() {
            field(out, declared, value, style);
        }
    });
    out.push(b'}');
}

/// Hands over every declared field with what the object has for it.
pub(super) fn fields<'o>(
    object: &'o Object,
    of: StructType,
    style: &Style,
    mut with: impl FnMut(&'static Field, Option<&'o Value>),
) {
    match style.order.get() {
        Order::Broken => return,
        Order::Checked if !is_in_order(object, of) => {
            for declared in of.fields_in_json_order() {
                with(declared, object.get(declared.name));
            }
            return;
        }
        Order::Assumed | Order::Checked => {}
    }
    let mut entries = object.iter();
    let mut next = entries.next();
    for declared in of.fields_in_json_order() {
        match next {
            Some((key, value)) if key == declared.name => {
                next = entries.next();
                with(declared, Some(value).filter(|value| !value.is_null()));
            }
            _ => with(declared, None),
        }
    }
    if next.is_some() {
        style.order.set(Order::Broken);
    }
}

/// Whether the object has only declared fields, each once, in the declared order.
pub(crate) fn is_in_order(object: &Object, of: StructType) -> bool {
    let mut keys = object.keys();
    let Some(mut key) = keys.next() else {
        return true;
    };
    for declared in of.fields_in_json_order() {
        if declared.name == key {
            match keys.next() {
                Some(next) => key = next,
                None => return true,
            }
        }
    }
    false
}

/// Writes `"name":value`, or nothing if Go leaves the field out.
pub(super) fn field(out: &mut Vec<u8>, declared: &Field, value: Option<&Value>, style: &Style) {
    let shape = declared.shape();
    let value = value.filter(|value| fits(value, shape) && !style.empty.forgets(value, shape));
    let is_written = match value {
        Some(_) if declared.is_pointer() => true,
        None if declared.is_pointer() => !declared.omits_empty(),
        Some(value) if declared.omits_empty() => !is_empty(value, shape),
        Some(value) if declared.omits_zero() => !is_zero(value, shape),
        Some(_) => true,
        None if declared.omits_zero() => false,
        None => !declared.omits_empty() || !has_empty(shape),
    };
    if !is_written {
        return;
    }
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(declared.name.as_bytes());
    out.extend_from_slice(b"\":");
    match value {
        None if declared.is_pointer() => out.extend_from_slice(b"null"),
        value => member(out, value, shape, style),
    }
}

/// Whether the value has the type that the table says.
pub(crate) fn fits(value: &Value, shape: ShapeRef) -> bool {
    match shape {
        ShapeRef::String | ShapeRef::Bytes | ShapeRef::Time { .. } => value.as_str().is_some(),
        ShapeRef::Bool => value.as_bool().is_some(),
        ShapeRef::Int32 | ShapeRef::Int64 => value.as_i64().is_some(),
        ShapeRef::Float64 => matches!(value, Value::Number(_)),
        ShapeRef::Quantity => matches!(value, Value::Number(_) | Value::String(_)),
        ShapeRef::IntOrString => value.as_str().is_some() || value.as_i64().is_some(),
        ShapeRef::Any => !value.is_null(),
        ShapeRef::SchemaOr(_, Alternative::Bool) => {
            matches!(value, Value::Object(_) | Value::Bool(_))
        }
        ShapeRef::SchemaOr(..) => matches!(value, Value::Object(_) | Value::Array(_)),
        ShapeRef::Struct(_) | ShapeRef::Map(_) => value.as_object().is_some(),
        ShapeRef::List(_) => value.as_array().is_some(),
    }
}

/// Whether Go knows an empty value of the shape, which `omitempty` leaves out: no struct is ever empty.
fn has_empty(shape: ShapeRef) -> bool {
    !matches!(
        shape,
        ShapeRef::Struct(_)
            | ShapeRef::SchemaOr(..)
            | ShapeRef::Any
            | ShapeRef::Quantity
            | ShapeRef::IntOrString
            | ShapeRef::Time { .. }
    )
}

/// Whether `omitempty` leaves the value out.
fn is_empty(value: &Value, shape: ShapeRef) -> bool {
    has_empty(shape)
        && match value {
            Value::Null => true,
            Value::Bool(flag) => !flag,
            Value::Number(number) => number.as_f64() == 0.0,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(object) => object.is_empty(),
        }
}

/// Whether `omitzero` leaves the value out.
fn is_zero(value: &Value, shape: ShapeRef) -> bool {
    match (shape, value) {
        (ShapeRef::Time { micro }, Value::String(text)) => canonical::time(text, micro).is_none(),
        (ShapeRef::Struct(_), Value::Object(object)) => object.is_empty(),
        _ => is_empty(value, shape),
    }
}

/// Writes a value; nothing stands for Go's zero value.
pub(super) fn member(out: &mut Vec<u8>, value: Option<&Value>, shape: ShapeRef, style: &Style) {
    match (shape, value) {
        (ShapeRef::Struct(of), value) => structure(out, value, of, style),
        (ShapeRef::String, Some(Value::String(text))) => text::string(out, text),
        (ShapeRef::Int32 | ShapeRef::Int64, value) => {
            text::integer(out, value.and_then(Value::as_i64).unwrap_or_default());
        }
        (ShapeRef::Map(inner), Some(Value::Object(map))) => map_of(out, map, inner.shape(), style),
        (ShapeRef::List(inner), Some(Value::Array(items))) => {
            list(out, items, inner.shape(), style);
        }
        (ShapeRef::Quantity, value) => {
            text::string(out, &value.map_or("0".into(), quantity));
        }
        (ShapeRef::Bytes, Some(Value::String(text))) => {
            text::string(out, &canonical::base64(text));
        }
        (ShapeRef::Time { micro }, Some(Value::String(text))) => {
            match canonical::time(text, micro) {
                Some(text) => text::string(out, &text),
                None => out.extend_from_slice(b"null"),
            }
        }
        (ShapeRef::Float64, Some(Value::Number(number))) => {
            // Beyond 2^53 not every integer is a float.
            text::number(out, tollgate_api::Number::Float(number.as_f64()));
        }
        (ShapeRef::IntOrString, Some(Value::Number(number))) => {
            text::integer(out, number.as_i64().unwrap_or_default());
        }
        (ShapeRef::SchemaOr(of, _), Some(Value::Object(_))) => structure(out, value, of, style),
        (ShapeRef::SchemaOr(of, other), Some(Value::Array(items))) => {
            let inner = match other {
                Alternative::Schemas => ShapeRef::Struct(of),
                _ => ShapeRef::String,
            };
            // Go writes the list only if something is in it.
            if items.is_empty() {
                out.extend_from_slice(b"null");
            } else {
                list(out, items, inner, style);
            }
        }
        (ShapeRef::String, _) => out.extend_from_slice(b"\"\""),
        (ShapeRef::Bool, None) => out.extend_from_slice(b"false"),
        (ShapeRef::Float64 | ShapeRef::IntOrString, None) => out.push(b'0'),
        (_, Some(value)) => plain::ordered(out, value),
        (_, None) => out.extend_from_slice(b"null"),
    }
}

/// The canonical text of an amount.
pub(crate) fn quantity(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => canonical::quantity(text),
        _ => match Quantity::from_value(value) {
            Ok(quantity) => quantity.to_string().into(),
            Err(_) => "0".into(),
        },
    }
}

fn list(out: &mut Vec<u8>, items: &[Value], shape: ShapeRef, style: &Style) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let item = Some(item).filter(|item| fits(item, shape));
        member(out, item, shape, style);
    }
    out.push(b']');
}

fn map_of(out: &mut Vec<u8>, map: &Object, shape: ShapeRef, style: &Style) {
    out.push(b'{');
    plain::by_key(map, |entries| {
        for (index, (key, value)) in entries.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            text::string(out, key);
            out.push(b':');
            let value = Some(value).filter(|value| fits(value, shape));
            member(out, value, shape, style);
        }
    });
    out.push(b'}');
}
