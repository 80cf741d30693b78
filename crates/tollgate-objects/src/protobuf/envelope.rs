//! What stands around a message: four bytes that say what follows, the kind, the object.

use super::decode::Walk;
use super::error::Error;
use super::reader::{Reader, Wire};
use super::writer::Writer;
use crate::schema::type_of;
use tollgate_api::{GroupVersionKind, Object, Value};

/// How every body begins.
pub(super) const MAGIC: &[u8] = b"k8s\0";

/// A body taken apart: the kind it says and the message of its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'b> {
    /// What the body says of its kind; parts may be empty.
    pub kind: GroupVersionKind,
    /// The message of the object.
    pub raw: &'b [u8],
}

/// Takes a body apart.
pub(super) fn read(bytes: &[u8]) -> Result<Envelope<'_>, Error> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    let mut reader = Reader(bytes.strip_prefix(MAGIC).ok_or(Error::NoMagic)?);
    let (mut kind, mut raw) = (GroupVersionKind::default(), [].as_slice());
    while let Some((number, wire)) = reader.field("Unknown")? {
        match (number, wire) {
            (1, Wire::Bytes(bytes)) => kind = type_meta(bytes)?,
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    Ok(Envelope { kind, raw })
}

fn type_meta(bytes: &[u8]) -> Result<GroupVersionKind, Error> {
    let mut reader = Reader(bytes);
    let (mut version, mut kind) = (String::new(), String::new());
    while let Some((number, wire)) = reader.field("TypeMeta")? {
        match (number, wire) {
            (1, Wire::Bytes(bytes)) => version = String::from_utf8_lossy(bytes).into_owned(),
            (2, Wire::Bytes(bytes)) => kind = String::from_utf8_lossy(bytes).into_owned(),
            _ => {}
        }
    }
    Ok(GroupVersionKind::new(&version, &kind))
}

impl Envelope<'_> {
    /// The object, with its kind and version first.
    pub(super) fn object(&self, walk: &mut Walk) -> Result<Value, Error> {
        if self.kind.kind.is_empty() {
            return Err(Error::MissingKind);
        }
        if self.kind.version.is_empty() {
            return Err(Error::MissingVersion);
        }
        let of = type_of(&self.kind).ok_or_else(|| Error::UnknownKind(self.kind.clone()))?;
        let mut object = Object::new();
        object.insert("kind", self.kind.kind.clone());
        object.insert("apiVersion", self.kind.api_version());
        walk.structure(self.raw, of, &mut object)?;
        Ok(Value::Object(object))
    }
}

/// Writes a body, the last byte first.
pub(super) fn write(out: &mut Writer, kind: &GroupVersionKind, raw: impl FnOnce(&mut Writer)) {
    // How the object is encoded goes without saying.
    out.text(4, b"");
    out.text(3, b"");
    out.message(2, raw);
    out.message(1, |out| {
        out.text(2, kind.kind.as_bytes());
        out.text(1, kind.api_version().as_bytes());
    });
    out.bytes(MAGIC);
}
