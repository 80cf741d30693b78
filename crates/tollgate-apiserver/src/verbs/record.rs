//! Objects as they are stored: JSON without a resourceVersion, which is the revision that the store knows.

use crate::resources::Resource;
use bytes::Bytes;
use compact_str::ToCompactString as _;
use memchr::memmem::Finder;
use std::sync::LazyLock;
use tollgate_api::{GroupVersionKind, Status, Value, json};
use tollgate_objects::encode;

static METADATA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""metadata":"#));
static UID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""uid":""#));

/// An object as it is stored, and the revision that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// JSON in the version in which the kind is stored, without a resourceVersion.
    pub value: Bytes,
    /// The resourceVersion; 0 for what was not stored, as in a dry run.
    pub revision: u64,
}

impl Encoded {
    /// The tree, with its resourceVersion.
    pub fn parse(&self) -> Result<Value, Status> {
        parse(&self.value, self.revision)
    }

    /// Writes the JSON with its resourceVersion.
    pub fn write(&self, out: &mut Vec<u8>) {
        write(&self.value, self.revision, out);
    }

    /// Writes the JSON as a member of a list: of built-in kinds without `kind` and `apiVersion`.
    pub fn write_item(&self, resource: &Resource, out: &mut Vec<u8>) {
        let metadata = METADATA.find(&self.value);
        match metadata.and_then(|place| self.value.get(place..)) {
            Some(rest) if !resource.is_custom() => {
                out.push(b'{');
                write(rest, self.revision, out);
            }
            _ => write(&self.value, self.revision, out),
        }
    }
}

/// The room that most objects take.
const USUAL_BYTES: usize = 8 * 1024;

/// The bytes to store of an object.
pub fn encode(kind: &GroupVersionKind, object: &Value) -> Bytes {
    let mut out = Vec::with_capacity(USUAL_BYTES);
    encode::record(kind, object, &mut out);
    // They are kept for long, and what they were written into has room to spare.
    Bytes::copy_from_slice(&out)
}

/// The tree of a stored object, with its resourceVersion.
pub fn parse(value: &[u8], revision: u64) -> Result<Value, Status> {
    let mut object = json::from_slice(value)
        .map_err(|error| Status::internal(format!("a stored object cannot be read: {error}")))?;
    if revision > 0 {
        let text = revision.to_compact_string();
        object.child_mut("metadata").set("resourceVersion", text);
    }
    Ok(object)
}

/// Where the resourceVersion belongs in a stored text.
fn place_of_revision(value: &[u8]) -> Option<usize> {
    if value.starts_with(br#"{"kind":"#) || value.starts_with(br#""metadata":"#) {
        // Fields of a built-in kind stand in their order: what comes before the unique id is names, in which no quote
        // can stand.
        let start = UID.find(value)?.checked_add(UID.needle().len())?;
        let length = memchr::memchr(b'"', value.get(start..)?)?;
        return start.checked_add(length)?.checked_add(1);
    }
    // Keys of other kinds are sorted, and labels and owners come before.
    let metadata = member(value, b"metadata")?;
    let uid = member(metadata, b"uid")?;
    let offset = |part: &[u8]| part.as_ptr().addr().checked_sub(value.as_ptr().addr());
    offset(uid)?.checked_sub(UID.needle().len().saturating_sub(1))
}

fn write(value: &[u8], revision: u64, out: &mut Vec<u8>) {
    match place_of_revision(value).filter(|_| revision > 0) {
        Some(place) => splice(value, place, revision, out),
        None => out.extend_from_slice(value),
    }
}

fn splice(value: &[u8], place: usize, revision: u64, out: &mut Vec<u8>) {
    let (head, tail) = value.split_at_checked(place).unwrap_or((value, &[]));
    out.reserve(value.len().saturating_add(48));
    out.extend_from_slice(head);
    if !matches!(head.last(), Some(b'{' | b',')) {
        out.push(b',');
    }
    out.extend_from_slice(br#""resourceVersion":""#);
    out.extend_from_slice(revision.to_compact_string().as_bytes());
    out.push(b'"');
    if !matches!(tail.first(), Some(b'}' | b',')) {
        out.push(b',');
    }
    out.extend_from_slice(tail);
}

/// The text of the labels of a stored object: a JSON object.
fn labels_text(value: &[u8]) -> Option<&[u8]> {
    let metadata = member(value, b"metadata")?;
    member(metadata, b"labels")
}

/// The value under a key of a JSON object, found without reading the values before it into trees.
fn member<'v>(object: &'v [u8], key: &[u8]) -> Option<&'v [u8]> {
    let mut at = object
        .iter()
        .position(|byte| *byte == b'{')?
        .checked_add(1)?;
    loop {
        if *object.get(at)? != b'"' {
            return None;
        }
        let key_end = json::skip_value(object, at).ok()?;
        let found = object.get(at.checked_add(1)?..key_end.checked_sub(1)?)?;
        let start = key_end.checked_add(1)?;
        let end = json::skip_value(object, start).ok()?;
        if found == key {
            return object.get(start..end);
        }
        if *object.get(end)? != b',' {
            return None;
        }
        at = end.checked_add(1)?;
    }
}

/// The text at a path of a stored object, found without reading the rest; none if something else stands there, or text
/// with an escape.
pub fn text<'v>(value: &'v [u8], path: &[&str]) -> Option<&'v str> {
    let mut found = value;
    for key in path {
        found = member(found, key.as_bytes())?;
    }
    let plain = found.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let plain = std::str::from_utf8(plain).ok()?;
    (!plain.contains('\\')).then_some(plain)
}

/// The labels of a stored object, read without the rest of it.
pub fn labels(value: &[u8]) -> Value {
    labels_text(value)
        .and_then(|text| json::from_slice(text).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    fn stored() -> Encoded {
        let object = from_str(
            r#"{"apiVersion":"v1","kind":"ConfigMap","data":{"uid":"x"},
                "metadata":{"labels":{"a":"b"},"name":"c","uid":"u-1","namespace":"n","resourceVersion":"5"}}"#,
        )
        .unwrap();
        let value = encode(&GroupVersionKind::new("v1", "ConfigMap"), &object);
        Encoded { value, revision: 7 }
    }

    #[test]
    fn the_revision_stands_behind_the_uid() {
        let mut out = Vec::new();
        stored().write(&mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains(r#""uid":"u-1","resourceVersion":"7""#),
            "{text}"
        );
        assert!(!text.contains(r#""5""#), "{text}");
        assert_eq!(from_str(&text).unwrap(), stored().parse().unwrap());
    }

    #[test]
    fn in_a_custom_object_too() {
        let object = from_str(
            r#"{"apiVersion":"x/v1","kind":"W","metadata":{"annotations":{"uid":"no"},"name":"c","uid":"u-1"}}"#,
        )
        .unwrap();
        let value = encode(&GroupVersionKind::new("x/v1", "W"), &object);
        let mut out = Vec::new();
        Encoded { value, revision: 7 }.write(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"apiVersion":"x/v1","kind":"W","metadata":{"annotations":{"uid":"no"},"name":"c","resourceVersion":"7","uid":"u-1"}}"#
        );
    }

    #[test]
    fn a_text_is_found_by_its_path() {
        let value = stored().value;
        assert_eq!(text(&value, &["metadata", "name"]), Some("c"));
        assert_eq!(text(&value, &["metadata", "labels"]), None);
        assert_eq!(text(&value, &["spec", "nodeName"]), None);
        assert_eq!(text(br#"{"a":"\u003c"}"#, &["a"]), None);
    }

    #[test]
    fn labels_are_found_without_reading_all() {
        assert_eq!(labels(&stored().value), from_str(r#"{"a":"b"}"#).unwrap());
        assert_eq!(labels(br#"{"metadata":{"name":"a"}}"#), Value::Null);
        assert_eq!(labels(b"{}"), Value::Null);
    }
}
