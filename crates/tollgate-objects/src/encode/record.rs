//! What a store keeps of an object: its JSON without `metadata.resourceVersion`, which is only known afterwards.

use super::typed::{self, Empty, Style};
use super::{plain, text};
use crate::schema::{ShapeRef, StructType, type_of};
use tollgate_api::{GroupVersionKind, Object, Value};

const RESOURCE_VERSION: &str = "resourceVersion";

/// Groups whose objects upstream stores as JSON, too.
const STORED_AS_JSON: [&str; 2] = ["apiextensions.k8s.io", "apiregistration.k8s.io"];

/// Appends the JSON text of an object without `metadata.resourceVersion`.
///
/// An empty list that Go does not leave out becomes `null`, as it does upstream, where most kinds are stored as protobuf.
pub fn record(kind: &GroupVersionKind, object: &Value, out: &mut Vec<u8>) {
    let Some(of) = type_of(kind) else {
        sorted_record(out, object);
        return;
    };
    let empty = if STORED_AS_JSON.contains(&kind.group.as_str()) {
        Empty::Kept
    } else {
        Empty::Forgotten
    };
    typed::in_style(out, empty, |out, style| {
        typed_record(out, object, of, style);
    });
}

fn typed_record(out: &mut Vec<u8>, object: &Value, of: StructType, style: &Style) {
    let nothing = Object::new();
    let entries = object.as_object().unwrap_or(&nothing);
    out.push(b'{');
    typed::fields(entries, of, style, |declared, value| {
        match (declared.name, declared.shape()) {
            ("metadata", ShapeRef::Struct(meta)) => {
                comma(out);
                out.extend_from_slice(b"\"metadata\":{");
                let entries = value.and_then(Value::as_object).unwrap_or(&nothing);
                typed::fields(entries, meta, style, |declared, value| {
                    if declared.name != RESOURCE_VERSION {
                        typed::field(out, declared, value, style);
                    }
                });
                out.push(b'}');
            }
            _ => typed::field(out, declared, value, style),
        }
    });
    out.push(b'}');
}

fn sorted_record(out: &mut Vec<u8>, object: &Value) {
    let nothing = Object::new();
    out.push(b'{');
    plain::by_key(object.as_object().unwrap_or(&nothing), |entries| {
        for (key, value) in entries {
            key_of(out, key);
            match value {
                Value::Object(meta) if key == "metadata" => {
                    out.push(b'{');
                    plain::by_key(meta, |entries| sorted_metadata(out, entries));
                    out.push(b'}');
                }
                _ => plain::sorted(out, value),
            }
        }
    });
    out.push(b'}');
}

fn sorted_metadata<'o>(out: &mut Vec<u8>, entries: &mut dyn Iterator<Item = (&'o str, &'o Value)>) {
    for (key, value) in entries.filter(|(key, _)| *key != RESOURCE_VERSION) {
        key_of(out, key);
        plain::sorted(out, value);
    }
}

fn key_of(out: &mut Vec<u8>, key: &str) {
    comma(out);
    text::string(out, key);
    out.push(b':');
}

fn comma(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}
