//! The one form of what can be written in several, and of what is not written: whoever compares decoded objects finds equal what means the same.

use super::lookup::ShapeRef;
use crate::canonical;
use tollgate_api::{Number, Quantity, Value};

/// Gives a value that fits its shape the form in which upstream writes it. False for a time that is not set, which is
/// the same as none.
pub(super) fn settle(value: &mut Value, shape: ShapeRef) -> bool {
    let canonical: Option<Value> = match (shape, &*value) {
        (ShapeRef::Quantity, Value::String(text)) => {
            if canonical::is_plain_quantity(text) {
                return true;
            }
            Some(canonical::quantity(text).as_ref().into())
        }
        (ShapeRef::Quantity, Value::Number(_)) => Quantity::from_value(value)
            .ok()
            .map(|quantity| quantity.to_string().into()),
        (ShapeRef::Time { micro }, Value::String(text)) => {
            let Some(time) = canonical::time(text, micro) else {
                return false;
            };
            (time.as_ref() != text).then(|| time.as_ref().into())
        }
        (ShapeRef::Bytes, Value::String(text)) => {
            let bytes = canonical::base64(text);
            (bytes.as_ref() != text).then(|| bytes.as_ref().into())
        }
        (
            ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::IntOrString,
            Value::Number(number @ Number::Float(_)),
        ) => number.as_i64().map(Value::from),
        _ => None,
    };
    if let Some(canonical) = canonical {
        *value = canonical;
    }
    true
}

/// What Go leaves in the place of a `null` in a list or map.
pub(super) fn zero(shape: ShapeRef) -> Value {
    match shape {
        ShapeRef::String | ShapeRef::Bytes => "".into(),
        ShapeRef::Bool => false.into(),
        ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 | ShapeRef::IntOrString => {
            0_i64.into()
        }
        ShapeRef::Quantity => "0".into(),
        ShapeRef::Struct(_) | ShapeRef::SchemaOr(..) => Value::object(),
        ShapeRef::Time { .. } | ShapeRef::Any | ShapeRef::List(_) | ShapeRef::Map(_) => Value::Null,
    }
}
