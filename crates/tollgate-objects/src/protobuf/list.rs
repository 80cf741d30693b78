//! Lists in parts: nobody has to hold all items to write them one after another.

use super::envelope::MAGIC;
use super::writer::{WireType, Writer};
use crate::encode::ListMeta;
use tollgate_api::GroupVersionKind;

/// What stands around the items of a list. Messages say how long they are before they begin, so whoever writes a list must
/// know first how much its items take together.
#[derive(Debug, Clone)]
pub struct ListFrame {
    kind: GroupVersionKind,
    /// The field of the list's metadata, written.
    meta: Vec<u8>,
    is_old: bool,
}

impl ListFrame {
    /// The frame of a list of `kind` (`PodList`).
    pub fn new(kind: &GroupVersionKind, meta: &ListMeta<'_>) -> Self {
        // One list alone has its two fields the other way round.
        let is_old = kind.kind == "PartialObjectMetadataList" && kind.version == "v1beta1";
        let mut out = Writer::new(128);
        out.message(if is_old { 2 } else { 1 }, |out| {
            if let Some(count) = meta.remaining_item_count {
                out.number(4, count);
            }
            out.text(3, meta.continue_token.as_bytes());
            out.text(2, meta.resource_version.as_bytes());
            out.text(1, b"");
        });
        Self {
            kind: kind.clone(),
            meta: out.finish(),
            is_old,
        }
    }

    fn before_item(&self, length: usize) -> Vec<u8> {
        let mut out = Writer::new(16);
        out.varint(length as u64);
        out.tag(if self.is_old { 1 } else { 2 }, WireType::Bytes);
        out.finish()
    }

    /// How much an item takes whose message has this length.
    pub fn item_size(&self, length: usize) -> usize {
        self.before_item(length).len().saturating_add(length)
    }

    /// Appends everything that stands before the items, which take `size` bytes together.
    pub fn head(&self, size: usize, out: &mut Vec<u8>) {
        let mut head = Writer::new(self.meta.len().saturating_add(128));
        if !self.is_old {
            head.bytes(&self.meta);
        }
        head.varint(self.meta.len().saturating_add(size) as u64);
        head.tag(2, WireType::Bytes);
        head.message(1, |out| {
            out.text(2, self.kind.kind.as_bytes());
            out.text(1, self.kind.api_version().as_bytes());
        });
        head.bytes(MAGIC);
        out.extend_from_slice(&head.finish());
    }

    /// Appends an item whose message is encoded already.
    pub fn item(&self, message: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before_item(message.len()));
        out.extend_from_slice(message);
    }

    /// Appends everything that stands behind the items.
    pub fn tail(&self, out: &mut Vec<u8>) {
        if self.is_old {
            out.extend_from_slice(&self.meta);
        }
        let mut tail = Writer::new(8);
        // How the list is encoded goes without saying.
        tail.text(4, b"");
        tail.text(3, b"");
        out.extend_from_slice(&tail.finish());
    }
}

/// The body of a list of `kind` (`PodList`) whose items are messages that are encoded already.
pub fn list(kind: &GroupVersionKind, meta: &ListMeta<'_>, items: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let frame = ListFrame::new(kind, meta);
    let sizes = items
        .iter()
        .map(|item| frame.item_size(item.as_ref().len()));
    let size: usize = sizes.sum();
    let mut out = Vec::with_capacity(size.saturating_add(256));
    frame.head(size, &mut out);
    for item in items {
        frame.item(item.as_ref(), &mut out);
    }
    frame.tail(&mut out);
    out
}
