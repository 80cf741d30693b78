//! Objects and lists as bytes of an answer.

use super::body::AnswerBody;
use super::negotiate::{Form, Media};
use super::pieces::{self, ListWriter};
use super::yaml;
use crate::resources::Resource;
use crate::storage::Record;
use crate::verbs::Listing;
use crate::verbs::record::Encoded;
use compact_str::{CompactString, ToCompactString as _};
use std::sync::Arc;
use tollgate_api::{GroupVersionKind, Status, Value};
use tollgate_objects::encode::{self, ListMeta};
use tollgate_objects::protobuf::{self, ListFrame};
use tollgate_objects::schema::type_of;

/// An object that is not stored.
pub(super) fn value(kind: &GroupVersionKind, object: &Value, form: Form) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    encode::json(kind, object, &mut out);
    finish(out, kind, object, form)
}

fn finish(json: Vec<u8>, kind: &GroupVersionKind, object: &Value, form: Form) -> Vec<u8> {
    match form.media {
        Media::Json if form.pretty => pretty(&json),
        Media::Json => json,
        Media::Yaml => yaml::from_json(&json).unwrap_or(json),
        Media::Protobuf => protobuf::encode(kind, object).unwrap_or(json),
    }
}

/// A stored object in the version that the client speaks.
pub(super) fn stored(resource: &Resource, object: &Encoded, form: Form) -> Result<Vec<u8>, Status> {
    if form.media == Media::Json && !form.pretty && is_as_stored(resource) {
        let mut out = Vec::with_capacity(object.value.len().saturating_add(48));
        object.write(&mut out);
        return Ok(out);
    }
    let tree = served(resource, object)?;
    Ok(value(&resource.kind, &tree, form))
}

/// Whether the stored text is the served one.
fn is_as_stored(resource: &Resource) -> bool {
    resource.conversion == crate::resources::Conversion::None && resource.is_built_in()
}

/// The tree of a stored object in the version that the client speaks.
pub(super) fn served(resource: &Resource, object: &Encoded) -> Result<Value, Status> {
    let mut tree = object.parse()?;
    resource.to_served(&mut tree);
    Ok(tree)
}

/// A page of a collection.
pub(super) fn list(listing: Listing, form: Form) -> Result<AnswerBody, Status> {
    let listing = match form.media {
        Media::Json if !form.pretty => return Ok(json_list(listing)),
        Media::Protobuf => match protobuf_list(listing) {
            Ok(body) => return Ok(body),
            Err(listing) => listing,
        },
        Media::Json | Media::Yaml => listing,
    };
    let kind = list_kind(&listing.resource);
    let mut items = Vec::with_capacity(listing.items.len());
    for (_, record) in &listing.items {
        let mut tree = served(&listing.resource, &encoded(record))?;
        if !listing.resource.is_custom() {
            tree.remove("kind");
            tree.remove("apiVersion");
        }
        items.push(tree);
    }
    let mut object = Value::object();
    object.set("kind", kind.kind.clone());
    object.set("apiVersion", kind.api_version());
    object.set("metadata", list_metadata(&listing));
    object.set("items", Value::Array(items));
    Ok(value(&kind, &object, form).into())
}

pub(super) fn list_kind(resource: &Resource) -> GroupVersionKind {
    GroupVersionKind {
        kind: resource.list_kind.clone(),
        ..resource.kind.clone()
    }
}

pub(super) fn encoded(record: &Record) -> Encoded {
    Encoded {
        value: record.value.clone(),
        revision: record.revision,
    }
}

/// The metadata of a list.
pub(super) fn list_metadata(listing: &Listing) -> Value {
    let mut metadata = Value::object();
    if listing.revision > 0 {
        metadata.set("resourceVersion", listing.revision.to_compact_string());
    }
    if !listing.continue_token.is_empty() {
        metadata.set("continue", listing.continue_token.as_str());
    }
    if let Some(remaining) = listing.remaining {
        metadata.set("remainingItemCount", remaining);
    }
    metadata
}

fn json_list(listing: Listing) -> AnswerBody {
    let list = JsonList {
        kind: list_kind(&listing.resource),
        around: Around::of(&listing),
        resource: listing.resource,
    };
    pieces::body(list, listing.items)
}

/// What is known of a list besides its items.
#[derive(Debug, Clone)]
pub(super) struct Around {
    revision: CompactString,
    continue_token: String,
    remaining: Option<i64>,
}

impl Around {
    pub(super) fn of(listing: &Listing) -> Self {
        Self {
            revision: match listing.revision {
                // Of what is stored nowhere there are no revisions.
                0 => CompactString::default(),
                revision => revision.to_compact_string(),
            },
            continue_token: listing.continue_token.clone(),
            remaining: listing.remaining,
        }
    }

    pub(super) fn meta(&self) -> ListMeta<'_> {
        ListMeta {
            resource_version: &self.revision,
            continue_token: &self.continue_token,
            remaining_item_count: self.remaining,
        }
    }
}

struct JsonList {
    resource: Arc<Resource>,
    kind: GroupVersionKind,
    around: Around,
}

impl ListWriter for JsonList {
    fn head(&self, out: &mut Vec<u8>) {
        let meta = self.around.meta();
        encode::list_head(&self.kind, self.resource.is_custom(), &meta, out);
    }

    fn item(&self, record: &Record, is_first: bool, out: &mut Vec<u8>) {
        if !is_first {
            out.push(b',');
        }
        write_item(&self.resource, record, out);
    }

    fn tail(&self, _: bool, out: &mut Vec<u8>) {
        let meta = self.around.meta();
        encode::list_tail(&self.kind, self.resource.is_custom(), &meta, out);
    }
}

/// A list in protobuf, if its items have such a form.
fn protobuf_list(listing: Listing) -> Result<AnswerBody, Listing> {
    let Some(of) = type_of(&listing.resource.kind) else {
        return Err(listing);
    };
    let resource = Arc::clone(&listing.resource);
    let list = ProtobufList::new(&listing, &list_kind(&resource), move |record, out| {
        *out = match served(&resource, &encoded(record)) {
            Ok(tree) => protobuf::encode_raw(of, &tree),
            Err(_) => Vec::new(),
        };
    });
    Ok(pieces::body(list, listing.items))
}

/// Items as protobuf. They are encoded twice, once to find out how much they take: a copy of all of them would cost more.
pub(super) struct ProtobufList<F> {
    frame: ListFrame,
    /// How much the items take together.
    size: usize,
    encode: F,
}

impl<F: Fn(&Record, &mut Vec<u8>)> ProtobufList<F> {
    /// `encode` makes the message of an item.
    pub(super) fn new(listing: &Listing, kind: &GroupVersionKind, encode: F) -> Self {
        let frame = ListFrame::new(kind, &Around::of(listing).meta());
        let mut message = Vec::new();
        let sizes = listing.items.iter().map(|(_, record)| {
            encode(record, &mut message);
            frame.item_size(message.len())
        });
        let size = sizes.sum();
        Self {
            frame,
            size,
            encode,
        }
    }
}

impl<F: Fn(&Record, &mut Vec<u8>) + Send> ListWriter for ProtobufList<F> {
    fn head(&self, out: &mut Vec<u8>) {
        self.frame.head(self.size, out);
    }

    fn item(&self, record: &Record, _: bool, out: &mut Vec<u8>) {
        let mut message = Vec::new();
        (self.encode)(record, &mut message);
        self.frame.item(&message, out);
    }

    fn tail(&self, _: bool, out: &mut Vec<u8>) {
        self.frame.tail(out);
    }
}

fn write_item(resource: &Resource, record: &Record, out: &mut Vec<u8>) {
    let object = encoded(record);
    if is_as_stored(resource) || record.mark.is(resource.mark()) {
        object.write_item(resource, out);
        return;
    }
    // What was stored was readable when it was stored.
    let Ok(tree) = served(resource, &object) else {
        out.extend_from_slice(b"{}");
        return;
    };
    let mut text = Vec::new();
    encode::json(&resource.kind, &tree, &mut text);
    let start = out.len();
    out.push(b'{');
    out.extend_from_slice(encode::without_type(&resource.kind, &text));
    if resource.mark() == 0 {
        return;
    }
    // The schema left it as it was: it need not be read again until the definition changes.
    let mut plain = Vec::with_capacity(text.len());
    object.write_item(resource, &mut plain);
    if out.get(start..) == Some(plain.as_slice()) {
        record.mark.set(resource.mark());
    }
}

/// JSON text, indented as upstream indents it: two spaces.
pub(super) fn pretty(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len().saturating_mul(2));
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len().saturating_add(depth.saturating_mul(2)), b' ');
    };
    for (place, byte) in json.iter().copied().enumerate() {
        if in_text {
            out.push(byte);
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        let next = json.get(place.saturating_add(1)).copied();
        match byte {
            b'"' => {
                in_text = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                depth = depth.saturating_add(1);
                if !matches!(next, Some(b'}' | b']')) {
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(out.last(), Some(b'{' | b'[')) {
                    line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            other => out.push(other),
        }
    }
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::Definition;
    use crate::storage::Mark;
    use bytes::Bytes;

    #[test]
    fn a_custom_object_is_read_once_unless_its_schema_changes_it() {
        let definition = |default: &str| {
            let text = format!(
                r#"{{"metadata":{{"name":"as.x.y"}},"spec":{{"group":"x.y","scope":"Namespaced","names":{{"plural":"as","kind":"A"}},
                    "versions":[{{"name":"v1","served":true,"storage":true,"schema":{{"openAPIV3Schema":{{"type":"object","properties":{{"a":{{"type":"integer"{default}}}}}}}}}}}]}},
                    "status":{{"acceptedNames":{{"plural":"as","singular":"a","kind":"A","listKind":"AList"}},"conditions":[{{"type":"Established","status":"True"}}]}}}}"#
            );
            let read = Definition::read(tollgate_api::json::from_str(&text).unwrap());
            Arc::clone(&read.resources()[0])
        };
        let (plain, defaults) = (definition(""), definition(r#","default":1"#));
        let record = Record {
            value: Bytes::from_static(
                br#"{"apiVersion":"x.y/v1","kind":"A","metadata":{"name":"n","uid":"u"}}"#,
            ),
            revision: 7,
            created: 7,
            mark: Mark::default(),
        };
        let written = |resource: &Resource| {
            let mut out = Vec::new();
            write_item(resource, &record, &mut out);
            String::from_utf8(out).unwrap()
        };
        let text = r#"{"apiVersion":"x.y/v1","kind":"A","metadata":{"name":"n","resourceVersion":"7","uid":"u"}}"#;
        assert_eq!(written(&plain), text);
        assert!(record.mark.is(plain.mark()));
        assert_eq!(written(&plain), text);
        // Another state of the definition reads it anew.
        assert!(written(&defaults).starts_with(r#"{"a":1,"#));
        assert!(!record.mark.is(defaults.mark()));
    }

    #[test]
    fn indents_with_two_spaces() {
        let text = pretty(br#"{"a":{},"b":["x,:{",{"c":"\""}]}"#);
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "{\n  \"a\": {},\n  \"b\": [\n    \"x,:{\",\n    {\n      \"c\": \"\\\"\"\n    }\n  ]\n}\n"
        );
    }
}
