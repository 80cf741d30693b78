//! Objects as a typed Go encoder writes them: so that trees of ours can be compared with what a server answers.

use tollgate_api::{GroupVersionKind, Number, Quantity, Value};
use tollgate_objects::schema::{Field, ShapeRef, StructType, type_of};

/// Writes an object of a built-in kind as Go would: fields that are never omitted are there, empty ones that are
/// omitted are not, amounts are canonical. Other kinds stay as they are.
pub fn encode(object: &mut Value) {
    if let Some(of) = type_of(&GroupVersionKind::of(object)) {
        encode_struct(object, of);
    }
}

fn encode_struct(value: &mut Value, of: StructType) {
    for field in of.fields() {
        if field.is_inline() {
            if let ShapeRef::Struct(inner) = field.shape() {
                encode_struct(value, inner);
            }
            continue;
        }
        let child = value.remove(field.name).unwrap_or_default();
        if let Some(child) = encode_field(child, field) {
            value.set(field.name, child);
        }
    }
}

/// The field as it is written; none if it is omitted.
fn encode_field(mut child: Value, field: &Field) -> Option<Value> {
    let shape = field.shape();
    if child.is_null() {
        if field.is_pointer() {
            return (!field.omits_empty()).then_some(Value::Null);
        }
        child = match shape {
            ShapeRef::Struct(_) => Value::object(),
            _ => Value::Null,
        };
    }
    encode_value(&mut child, shape);
    if field.is_pointer() {
        return Some(child);
    }
    match shape {
        // Go leaves out no struct for being empty.
        ShapeRef::Struct(_) => {
            let empty = child == Value::object();
            (!(field.omits_zero() && empty)).then_some(child)
        }
        ShapeRef::Quantity => Some(child),
        _ if !is_zero(&child) => Some(child),
        _ if field.omits_empty() || field.omits_zero() => None,
        _ => Some(zero(shape)),
    }
}

fn encode_value(value: &mut Value, shape: ShapeRef) {
    match shape {
        ShapeRef::Struct(of) => encode_struct(value, of),
        ShapeRef::List(member) => {
            for item in value.as_array_mut().into_iter().flatten() {
                encode_value(item, member.shape());
            }
        }
        ShapeRef::Map(member) => {
            if let Some(map) = value.as_object_mut() {
                for (_, item) in map.iter_mut() {
                    encode_value(item, member.shape());
                }
            }
        }
        ShapeRef::Quantity => {
            if let Ok(quantity) = Quantity::from_value(value) {
                *value = quantity.to_string().into();
            }
        }
        _ => {}
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => *number == Number::Int(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
    }
}

fn zero(shape: ShapeRef) -> Value {
    match shape {
        ShapeRef::String => "".into(),
        ShapeRef::Bool => false.into(),
        ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 | ShapeRef::IntOrString => 0.into(),
        _ => Value::Null,
    }
}
