//! Trees in which what means the same is the same: for whoever compares objects.

use super::typed;
use crate::canonical;
use crate::schema::{Alternative, ShapeRef, StructType, type_of};
use tollgate_api::{GroupVersionKind, Number, Value};

/// Gives amounts, times, bytes and whole numbers of a decoded object the one form in which upstream writes them; a time
/// that is not set is removed. Of a kind that is not built in only the metadata change.
pub fn canonicalize(kind: &GroupVersionKind, object: &mut Value) {
    if let Some(of) = type_of(kind) {
        structure(object, of);
        return;
    }
    let pod = type_of(&GroupVersionKind::new("v1", "Pod"));
    let metadata = pod.and_then(|pod| pod.field("metadata"));
    if let (Some(field), Some(metadata)) = (metadata, object.get_mut("metadata")) {
        member(metadata, field.shape());
    }
}

fn structure(value: &mut Value, of: StructType) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    object.retain(|key, value| {
        let Some(field) = of.field(key) else {
            return true;
        };
        member(value, field.shape());
        !(value.is_null() && matches!(field.shape(), ShapeRef::Time { .. }))
    });
}

fn member(value: &mut Value, shape: ShapeRef) {
    let canonical: Option<Value> = match (shape, &mut *value) {
        (ShapeRef::Struct(of) | ShapeRef::SchemaOr(of, _), Value::Object(_)) => {
            structure(value, of);
            None
        }
        (ShapeRef::SchemaOr(of, Alternative::Schemas), Value::Array(items)) => {
            for item in items.iter_mut() {
                structure(item, of);
            }
            None
        }
        (ShapeRef::List(inner), Value::Array(items)) => {
            for item in items.iter_mut() {
                member(item, inner.shape());
            }
            None
        }
        (ShapeRef::Map(inner), Value::Object(map)) => {
            for (_, item) in map.iter_mut() {
                member(item, inner.shape());
            }
            None
        }
        (ShapeRef::Quantity, Value::String(_) | Value::Number(_)) => {
            Some(typed::quantity(value).as_ref().into())
        }
        (ShapeRef::Time { micro }, Value::String(text)) => {
            Some(canonical::time(text, micro).as_deref().into())
        }
        (ShapeRef::Bytes, Value::String(text)) => Some(canonical::base64(text).as_ref().into()),
        (
            ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::IntOrString,
            Value::Number(number @ Number::Float(_)),
        ) => number.as_i64().map(Value::from),
        _ => None,
    };
    if let Some(canonical) = canonical {
        *value = canonical;
    }
}
