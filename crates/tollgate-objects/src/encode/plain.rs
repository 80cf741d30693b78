//! Values that no type describes: embedded objects, managed fields, custom resources.

use super::text;
use tollgate_api::{Object, Value};

/// Writes a value with its keys in their order, as upstream keeps raw JSON.
pub(super) fn ordered(out: &mut Vec<u8>, value: &Value) {
    write(out, value, &|object, out| {
        entries(out, object.iter(), &ordered);
    });
}

/// Writes a value with its keys sorted, as Go prints a map.
pub(super) fn sorted(out: &mut Vec<u8>, value: &Value) {
    write(out, value, &|object, out| {
        by_key(object, |found| entries(out, found, &sorted));
    });
}

fn write(out: &mut Vec<u8>, value: &Value, object: &dyn Fn(&Object, &mut Vec<u8>)) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => text::number(out, *number),
        Value::String(string) => text::string(out, string),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(out, item, object);
            }
            out.push(b']');
        }
        Value::Object(found) => object(found, out),
    }
}

fn entries<'o>(
    out: &mut Vec<u8>,
    entries: impl Iterator<Item = (&'o str, &'o Value)>,
    member: &dyn Fn(&mut Vec<u8>, &Value),
) {
    out.push(b'{');
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        text::string(out, key);
        out.push(b':');
        member(out, value);
    }
    out.push(b'}');
}

/// Hands over the entries of a map in the order of their keys; of a key that stands twice, the last.
pub(crate) fn by_key<'o>(
    object: &'o Object,
    with: impl FnOnce(&mut dyn Iterator<Item = (&'o str, &'o Value)>),
) {
    let is_sorted = object.keys().is_sorted_by(|before, after| before < after);
    if is_sorted {
        return with(&mut object.iter());
    }
    let mut entries: Vec<_> = object.iter().rev().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries.dedup_by(|later, kept| later.0 == kept.0);
    with(&mut entries.into_iter());
}
