//! The schemas of fields, in the words of version 3.

use super::names;
use super::special::{self, Special};
use tollgate_api::{Object, Value};
use tollgate_objects::schema::{Alternative, Field, ShapeRef, StructType};

/// How version 3 refers to a schema; version 2 has another.
pub(super) const REFERENCE: &str = "#/components/schemas/";

/// A reference, and nothing beside it.
pub(super) fn reference(name: &str) -> Value {
    let mut schema = Value::object();
    schema.set("$ref", format!("{REFERENCE}{name}"));
    schema
}

/// Copies what is said of a type or field into an extension.
pub(super) fn copy(from: &Value, key: &str, to: &mut Value, as_key: &'static str) {
    if let Some(value) = from.get(key) {
        to.set(as_key, value.clone());
    }
}

/// The fields of a type with those of inlined structs, and the type that declares each.
pub(super) fn flattened(of: StructType) -> Vec<(StructType, &'static Field)> {
    let mut all = Vec::new();
    for field in of.fields() {
        match field.shape() {
            ShapeRef::Struct(inner) if field.is_inline() => all.extend(flattened(inner)),
            _ if field.name.is_empty() => {}
            _ => all.push((of, field)),
        }
    }
    all
}

/// The type without fields that a value of that shape has.
pub(super) fn special_of(shape: ShapeRef, owner: StructType) -> Option<Special> {
    Some(match shape {
        ShapeRef::Quantity => special::QUANTITY,
        ShapeRef::IntOrString => special::INT_OR_STRING,
        ShapeRef::Time { micro: false } => special::TIME,
        ShapeRef::Time { micro: true } => special::MICRO_TIME,
        ShapeRef::SchemaOr(_, Alternative::Bool) => special::SCHEMA_OR_BOOL,
        ShapeRef::SchemaOr(_, Alternative::Schemas) => special::SCHEMA_OR_ARRAY,
        ShapeRef::SchemaOr(_, Alternative::Strings) => special::SCHEMA_OR_STRINGS,
        // The table does not tell these apart.
        ShapeRef::Any => match owner.name() {
            "meta/v1.ManagedFieldsEntry" => special::FIELDS_V1,
            "apiextensions/v1.JSONSchemaProps" => special::JSON,
            _ => special::RAW_EXTENSION,
        },
        _ => return None,
    })
}

/// Says what a schema is about that says nothing yet.
pub(super) fn describe(schema: &mut Value, text: Option<&'static str>) {
    if let Some(text) = text {
        schema.set("description", text);
    }
}

/// Puts a description before all else that a schema says.
pub(super) fn described(text: Option<&'static str>, schema: Value) -> Value {
    let (Some(text), Value::Object(entries)) = (text, &schema) else {
        return schema;
    };
    let mut with = Object::new();
    with.insert("description", text);
    for (key, value) in entries.iter() {
        with.insert(key, value.clone());
    }
    let mut with = Value::Object(with);
    wrap_reference(&mut with);
    with
}

/// The schema of a field.
pub(super) fn property(owner: StructType, field: &Field, said: Option<&Value>) -> Value {
    let mut schema = of_shape(field.shape(), owner);
    if let Some(said) = said {
        if let Some(default) = said.get("default") {
            schema.set("default", default.clone());
        }
        copy(said, "mapKeys", &mut schema, "x-kubernetes-list-map-keys");
        copy(said, "listType", &mut schema, "x-kubernetes-list-type");
        copy(said, "mapType", &mut schema, "x-kubernetes-map-type");
    }
    if !field.patch_merge_key.is_empty() {
        schema.set("x-kubernetes-patch-merge-key", field.patch_merge_key);
    }
    if !field.patch_strategy.is_empty() {
        schema.set("x-kubernetes-patch-strategy", field.patch_strategy);
    }
    if schema.as_object().is_some_and(|entries| entries.len() > 1) {
        wrap_reference(&mut schema);
    }
    schema
}

/// Nothing may stand beside a reference in version 3.
fn wrap_reference(schema: &mut Value) {
    if let Some(reference) = schema.remove("$ref") {
        let inner: Value = [("$ref", reference)].into_iter().collect();
        schema.set("allOf", vec![inner]);
    }
}

/// A schema of a type and perhaps a format.
pub(super) fn typed(kind: &'static str, format: &'static str) -> Value {
    let mut schema = Value::object();
    schema.set("type", kind);
    if !format.is_empty() {
        schema.set("format", format);
    }
    schema
}

fn of_shape(shape: ShapeRef, owner: StructType) -> Value {
    match shape {
        ShapeRef::String => typed("string", ""),
        ShapeRef::Bool => typed("boolean", ""),
        ShapeRef::Int32 => typed("integer", "int32"),
        ShapeRef::Int64 => typed("integer", "int64"),
        ShapeRef::Float64 => typed("number", "double"),
        ShapeRef::Bytes => typed("string", "byte"),
        ShapeRef::List(inner) => {
            let mut schema = typed("array", "");
            schema.set("items", member(inner.shape(), owner));
            schema
        }
        ShapeRef::Map(inner) => {
            let mut schema = typed("object", "");
            schema.set("additionalProperties", member(inner.shape(), owner));
            schema
        }
        ShapeRef::Struct(of) => reference(&names::of_type(of.name())),
        other => special_of(other, owner).map_or_else(Value::object, |known| reference(known.name)),
    }
}

/// The schema of a list's or a map's member: Go's zero value is its default.
fn member(shape: ShapeRef, owner: StructType) -> Value {
    let mut schema = of_shape(shape, owner);
    let zero: Value = match shape {
        ShapeRef::String => "".into(),
        ShapeRef::Bool => false.into(),
        ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 => 0_i64.into(),
        ShapeRef::Struct(_) => Value::object(),
        _ => return schema,
    };
    schema.set("default", zero);
    wrap_reference(&mut schema);
    schema
}
