//! Objects as upstream's internal types print: Go's names of all fields, set or not, and the difference of two of them.
//!
//! The types are those of the table; [`layout`] says where the internal ones differ. What has JSON names in upstream,
//! too (everything of `meta/v1`), prints as JSON.

mod layout;
mod unified_diff;

use super::go_values;
use crate::schema::{self, ShapeRef, StructType};
use tollgate_api::{GroupVersionKind, Object, Quantity, Value};

/// A field of an object, by its address between dots; nothing if there is no such field in the type.
pub(super) fn of_field(api_version: &str, kind: &str, address: &str, object: &Value) -> Value {
    let kind = GroupVersionKind::new(api_version, kind);
    let Some(mut of) = schema::type_of(&kind) else {
        return Value::Null;
    };
    let mut value = object;
    for name in address.split('.') {
        value = value.get(name).unwrap_or(&Value::Null);
        match of.field(name).map(schema::Field::shape) {
            Some(ShapeRef::Struct(inner)) => of = inner,
            _ => return Value::Null,
        }
    }
    if value.is_null() {
        return Value::Null;
    }
    structure(of, value)
}

/// The source of a volume, which stands within its spec.
pub(super) fn persistent_volume_source(spec: &Value) -> Value {
    let kind = GroupVersionKind::new("v1", "PersistentVolume");
    let of = schema::type_of(&kind).and_then(|of| of.field("spec"));
    let mut out = Object::with_capacity(layout::PERSISTENT_VOLUME_SOURCE.len());
    if let Some(ShapeRef::Struct(of)) = of.map(schema::Field::shape) {
        for name in layout::PERSISTENT_VOLUME_SOURCE {
            push_field(of, name, spec, &mut out);
        }
    }
    Value::Object(out)
}

/// The lines in which two printed structs differ, with three lines around each; ends in a newline.
pub(super) fn diff(old: &Value, new: &Value) -> String {
    unified_diff::of_lines(&lines(old), &lines(new))
}

/// Whether two printed structs mean the same: an empty list or map is the same as none.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            let alike = |(key, value): (&str, &Value)| {
                other
                    .get_or_null(key)
                    .is_some_and(|other| same(value, other))
            };
            one.iter().all(alike)
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other || (is_nothing(one) && is_nothing(other)),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

fn structure(of: StructType, value: &Value) -> Value {
    if of.name() == "meta/v1.LabelSelector" {
        return go_values::selector(value);
    }
    if of.name().starts_with("meta/v1.") {
        return value.clone();
    }
    let merged = layout::internal_form(of.name(), value);
    let value = merged.as_ref().unwrap_or(value);
    let mut out = Object::with_capacity(of.fields().len());
    match layout::order(of.name()) {
        Some(names) => {
            for name in names {
                push_field(of, name, value, &mut out);
            }
        }
        None => {
            for field in of.fields_in_json_order() {
                push_field(of, field.name, value, &mut out);
            }
        }
    }
    Value::Object(out)
}

fn push_field(of: StructType, name: &'static str, holder: &Value, out: &mut Object) {
    let value = holder.get(name);
    let Some(field) = of.field(name) else {
        // Internal types have fields that the version has elsewhere.
        if let Some(moved) = layout::moved(of.name(), name) {
            let shown = value.cloned().unwrap_or(moved);
            out.push(layout::go_name(name), shown);
        }
        return;
    };
    if let (ShapeRef::Struct(inner), "metadata") = (field.shape(), name)
        && inner.name() == "meta/v1.ObjectMeta"
    {
        // It is embedded: its entries stand among the others.
        let entries = value.and_then(Value::as_object);
        for (key, value) in entries.into_iter().flat_map(Object::iter) {
            if !is_nothing(value) {
                out.push(key, go_values::map(value));
            }
        }
        return;
    }
    let shown = match value {
        Some(value) if !value.is_null() => shown(field.shape(), value),
        _ if field.is_pointer() && !layout::is_always_set(of.name(), name) => Value::Null,
        _ => zero(field.shape()),
    };
    out.push(layout::go_name(name), shown);
}

fn shown(shape: ShapeRef, value: &Value) -> Value {
    match (shape, value) {
        (ShapeRef::Struct(of), _) => structure(of, value),
        (ShapeRef::List(inner), Value::Array(items)) => {
            let items = items.iter().map(|item| shown(inner.shape(), item));
            Value::Array(items.collect())
        }
        (ShapeRef::Map(inner), Value::Object(entries)) => {
            let mut out: Object = Object::with_capacity(entries.len());
            for (key, value) in entries.iter() {
                out.push(key, shown(inner.shape(), value));
            }
            out.sort_by_key();
            Value::Object(out)
        }
        (ShapeRef::Quantity, _) => Quantity::from_value(value)
            .map_or_else(|_| value.clone(), |amount| amount.to_string().into()),
        _ => value.clone(),
    }
}

fn zero(shape: ShapeRef) -> Value {
    match shape {
        ShapeRef::String => "".into(),
        ShapeRef::Bool => false.into(),
        ShapeRef::Int32 | ShapeRef::Int64 | ShapeRef::Float64 | ShapeRef::IntOrString => 0.into(),
        ShapeRef::Quantity => "0".into(),
        ShapeRef::Struct(of) => structure(of, &Value::Null),
        _ => Value::Null,
    }
}

/// JSON with one space for each level, as lines.
fn lines(value: &Value) -> Vec<String> {
    let mut lines = vec![String::new()];
    write_lines(value, 0, &mut lines);
    lines
}

fn write_lines(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let (open, close, count) = match value {
        Value::Object(entries) if !entries.is_empty() => ("{", "}", entries.len()),
        Value::Array(items) if !items.is_empty() => ("[", "]", items.len()),
        _ => return append(lines, &value.to_string()),
    };
    append(lines, open);
    let mut begin = |place: usize, key: Option<&str>, value: &Value| {
        lines.push(" ".repeat(depth.saturating_add(1)));
        if let Some(key) = key {
            append(lines, &format!("{}: ", Value::from(key)));
        }
        write_lines(value, depth.saturating_add(1), lines);
        if place.saturating_add(1) < count {
            append(lines, ",");
        }
    };
    match value {
        Value::Object(entries) => {
            for (place, (key, value)) in entries.iter().enumerate() {
                begin(place, Some(key), value);
            }
        }
        _ => {
            for (place, value) in value.as_array().unwrap_or_default().iter().enumerate() {
                begin(place, None, value);
            }
        }
    }
    lines.push(" ".repeat(depth));
    append(lines, close);
}

fn append(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn every_field_prints_whether_it_is_set_or_not() {
        let object = from_str(
            r#"{"spec":{"attacher":"a","nodeName":"n","source":{"persistentVolumeName":"p"}}}"#,
        );
        let shown = of_field(
            "storage.k8s.io/v1",
            "VolumeAttachment",
            "spec",
            &object.unwrap(),
        );
        assert_eq!(
            shown.to_string(),
            r#"{"Attacher":"a","Source":{"PersistentVolumeName":"p","InlineVolumeSpec":null},"NodeName":"n"}"#
        );
    }

    #[test]
    fn lines_are_indented_by_one() {
        let value = from_str(r#"{"A":[{"B":null},1],"C":{},"D":[]}"#).unwrap();
        let expected = [
            "{",
            " \"A\": [",
            "  {",
            "   \"B\": null",
            "  },",
            "  1",
            " ],",
            " \"C\": {},",
            " \"D\": []",
            "}",
        ];
        assert_eq!(lines(&value), expected);
    }

    #[test]
    fn nothing_is_nothing_in_every_form() {
        let one = from_str(r#"{"A":null,"B":[],"C":{"D":"x"}}"#).unwrap();
        let other = from_str(r#"{"A":[],"B":{},"C":{"D":"x"}}"#).unwrap();
        assert!(same(&one, &other));
        let other = from_str(r#"{"A":[],"B":{},"C":{"D":"y"}}"#).unwrap();
        assert!(!same(&one, &other));
    }
}
