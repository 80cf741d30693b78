//! `protobuf.jsonl`: the text and the bytes of one object, each made from the other.

use super::{Difference, Outcome, compare};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tollgate_api::{GroupVersionKind, Object, Value, json};
use tollgate_objects::schema::{self, ShapeRef, type_of};
use tollgate_objects::{encode, protobuf};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let text = case.str_or_empty("json").to_owned();
    let Ok(object) = json::from_str(&text) else {
        return refused("an object", "no JSON");
    };
    let kind = GroupVersionKind::of(&object);
    compare(&text, &text_of(&kind, &object))?;
    // What a server makes of it before it writes it.
    let mut decoded = object.clone();
    if let Some(problem) = schema::decode(&kind, &mut decoded).first() {
        return refused("an object that fits its type", &problem.message);
    }
    compare(&text, &text_of(&kind, &decoded))?;

    let Ok(bytes) = BASE64_STANDARD.decode(case.str_or_empty("protobuf")) else {
        return refused("bytes", "no base64");
    };
    let encoded = protobuf::encode(&kind, &object).unwrap_or_default();
    let read = match protobuf::decode(&bytes) {
        Ok((_, object)) => object,
        Err(error) => return refused("an object", &error.to_string()),
    };
    compare(&as_read(&text), &text_of(&kind, &read))?;
    if has_spaced_json(&bytes) {
        let respaced = protobuf::encode(&kind, &read).unwrap_or_default();
        return compare(&base64(&respaced), &base64(&encoded));
    }
    compare(&base64(&bytes), &base64(&encoded))
}

/// Whether JSON stands in the bytes with spaces, as its sender wrote it: the text of the case does not tell them.
fn has_spaced_json(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|window| window == b"\": ")
}

fn text_of(kind: &GroupVersionKind, object: &Value) -> String {
    let mut out = Vec::new();
    encode::json(kind, object, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The text that upstream writes of an object it read from bytes: they do not tell an empty list from none, nor the kind
/// of an embedded object, which a conversion adds later.
fn as_read(text: &str) -> String {
    let Ok(mut object) = json::from_str(text) else {
        return text.to_owned();
    };
    let kind = GroupVersionKind::of(&object);
    if let Some(of) = type_of(&kind) {
        for (key, member) in object
            .as_object_mut()
            .into_iter()
            .flat_map(Object::iter_mut)
        {
            if let Some(field) = of.field(key) {
                drop_unsaid(member, field.shape());
            }
        }
    }
    text_of(&kind, &object)
}

fn drop_unsaid(value: &mut Value, shape: ShapeRef) {
    match (value, shape) {
        (Value::Object(object), ShapeRef::Struct(of) | ShapeRef::SchemaOr(of, _)) => {
            object.retain(|key, member| {
                let Some(field) = of.field(key) else {
                    return false;
                };
                drop_unsaid(member, field.shape());
                let is_said = field.number != 0;
                is_said && member.as_array() != Some(&[])
            });
        }
        (Value::Array(items), ShapeRef::List(member)) => {
            for item in items {
                drop_unsaid(item, member.shape());
            }
        }
        (Value::Object(map), ShapeRef::Map(member)) => {
            for (_, item) in map.iter_mut() {
                drop_unsaid(item, member.shape());
            }
        }
        _ => {}
    }
}

fn refused(expected: &str, got: &str) -> Outcome {
    Err(Difference {
        expected: expected.to_owned(),
        got: got.to_owned(),
    })
}

fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}
