//! What a store keeps of an object: its JSON without `metadata.resourceVersion`, which is only known afterwards.

use super::{plain, text, typed};
use crate::schema::{ShapeRef, StructType, type_of};
use tollgate_api::{GroupVersionKind, Object, Value};

const RESOURCE_VERSION: &str = "resourceVersion";

/// Appends the JSON text of an object without `metadata.resourceVersion`.
///
/// Returns where in `out` [`splice`] has to put it; none if the object has no metadata.
pub fn record(kind: &GroupVersionKind, object: &Value, out: &mut Vec<u8>) -> Option<usize> {
    let mut place = None;
    match type_of(kind) {
        Some(of) => typed_record(out, object, of, &mut place),
        None => sorted_record(out, object, &mut place),
    }
    place
}

fn typed_record(out: &mut Vec<u8>, object: &Value, of: StructType, place: &mut Option<usize>) {
    let nothing = Object::new();
    let entries = object.as_object().unwrap_or(&nothing);
    out.push(b'{');
    typed::fields(out, entries, of, |out, declared, value| {
        match (declared.name, declared.shape()) {
            ("metadata", ShapeRef::Struct(meta)) => {
                comma(out);
                out.extend_from_slice(b"\"metadata\":{");
                let entries = value.and_then(Value::as_object).unwrap_or(&nothing);
                typed::fields(out, entries, meta, |out, declared, value| {
                    if declared.name == RESOURCE_VERSION {
                        *place = Some(out.len());
                    } else {
                        typed::field(out, declared, value);
                    }
                });
                out.push(b'}');
            }
            _ => typed::field(out, declared, value),
        }
    });
    out.push(b'}');
}

fn sorted_record(out: &mut Vec<u8>, object: &Value, place: &mut Option<usize>) {
    let nothing = Object::new();
    out.push(b'{');
    plain::by_key(object.as_object().unwrap_or(&nothing), |entries| {
        for (key, value) in entries {
            key_of(out, key);
            match value {
                Value::Object(meta) if key == "metadata" => {
                    out.push(b'{');
                    plain::by_key(meta, |entries| sorted_metadata(out, entries, place));
                    out.push(b'}');
                }
                _ => plain::sorted(out, value),
            }
        }
    });
    out.push(b'}');
}

fn sorted_metadata<'o>(
    out: &mut Vec<u8>,
    entries: &mut dyn Iterator<Item = (&'o str, &'o Value)>,
    place: &mut Option<usize>,
) {
    for (key, value) in entries {
        if key >= RESOURCE_VERSION {
            place.get_or_insert(out.len());
        }
        if key != RESOURCE_VERSION {
            key_of(out, key);
            plain::sorted(out, value);
        }
    }
    place.get_or_insert(out.len());
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

/// A revision as the text of a resource version, without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision(pub u64);

/// Appends a record with its resource version, put where [`record`] said.
pub fn splice(record: &[u8], place: usize, revision: Revision, out: &mut Vec<u8>) {
    let (head, tail) = record.split_at_checked(place).unwrap_or((record, &[]));
    out.reserve(record.len() + 44);
    out.extend_from_slice(head);
    comma(out);
    out.extend_from_slice(b"\"resourceVersion\":\"");
    text::integer(out, i64::try_from(revision.0).unwrap_or(i64::MAX));
    out.push(b'"');
    if head.last() == Some(&b'{') && tail.first() != Some(&b'}') {
        out.push(b',');
    }
    out.extend_from_slice(tail);
}
