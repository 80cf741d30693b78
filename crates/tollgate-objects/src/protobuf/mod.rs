//! Objects as protobuf, byte for byte as upstream writes them.
//!
//! The schema table alone drives it, for every built-in kind; custom kinds have no such form. A tree that is read here is
//! what the object's JSON would have been: without what Go leaves out, fields in the declared order, amounts and times in
//! their canonical form.
//!
//! - A body is [`encode`]d and [`decode`]d with the four bytes and the envelope that say its kind.
//! - [`encode_raw`] and [`decode_raw`] are the message alone, as it stands in an envelope, a list or a watch event.
//! - [`list`] makes a body of messages that are encoded already, [`ListFrame`] the same in parts, [`watch_frame`] a frame
//!   of a watch.

mod decode;
mod encode;
mod envelope;
mod error;
mod list;
mod reader;
mod scalar;
mod writer;

#[cfg(test)]
mod tests;

pub use envelope::Envelope;
pub use error::Error;
pub use list::{ListFrame, list};

use crate::schema::{StructType, type_of};
use tollgate_api::{GroupVersionKind, Object, Value};
use writer::Writer;

/// The body of an object of `kind`; none if the kind has no protobuf form.
pub fn encode(kind: &GroupVersionKind, object: &Value) -> Option<Vec<u8>> {
    let of = type_of(kind)?;
    of.fields_by_number().next()?;
    let mut out = Writer::new(2048);
    envelope::write(&mut out, kind, |out| {
        encode::structure(out, Some(object), of);
    });
    Some(out.finish())
}

/// The message of a value of a built-in type, without an envelope.
pub fn encode_raw(of: StructType, value: &Value) -> Vec<u8> {
    let mut out = Writer::new(2048);
    encode::structure(&mut out, Some(value), of);
    out.finish()
}

/// The object in a body, and its kind.
pub fn decode(bytes: &[u8]) -> Result<(GroupVersionKind, Value), Error> {
    let envelope = open(bytes)?;
    let object = envelope.object(&mut decode::Walk::default())?;
    Ok((envelope.kind, object))
}

/// A body taken apart, its object not read: for whoever knows better which kind is meant.
pub fn open(bytes: &[u8]) -> Result<Envelope<'_>, Error> {
    envelope::read(bytes)
}

/// The object of a message without an envelope; it says no kind and no version.
pub fn decode_raw(of: StructType, bytes: &[u8]) -> Result<Value, Error> {
    let mut object = Object::new();
    decode::Walk::default().structure(bytes, of, &mut object)?;
    Ok(Value::Object(object))
}

/// The body of an object whose message is encoded already.
pub fn body(kind: &GroupVersionKind, raw: &[u8]) -> Vec<u8> {
    let mut out = Writer::new(raw.len() + 64);
    envelope::write(&mut out, kind, |out| out.bytes(raw));
    out.finish()
}

/// A frame of a watch: four bytes of length and an event of `event_type` (`ADDED`) about an object whose body is `body`.
///
/// The event stands there bare, as client-go reads it: only the object in it has an envelope.
pub fn watch_frame(event_type: &str, body: &[u8]) -> Vec<u8> {
    let mut out = Writer::new(body.len() + 48);
    out.message(2, |out| out.text(1, body));
    out.text(1, event_type.as_bytes());
    let length = u32::try_from(out.written()).unwrap_or(u32::MAX);
    out.bytes(&length.to_be_bytes());
    out.finish()
}
