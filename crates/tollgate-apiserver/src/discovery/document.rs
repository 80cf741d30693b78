//! One document as bytes, with the tag by which clients know it again.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{Context, SHA512};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::Arc;

/// A document as it is sent, and kept.
#[derive(Debug, Clone)]
pub struct Document {
    /// SHA-512 of the plain text in upper case, as upstream makes it; without quotes.
    pub etag: Arc<str>,
    /// The text.
    pub body: Bytes,
    /// Whether the text is kept in gzip form.
    pub is_gzip: bool,
}

impl Document {
    /// A short document, kept as it is.
    pub fn plain(text: impl Into<Bytes>) -> Self {
        let body = text.into();
        let mut digest = Context::new(&SHA512);
        digest.update(&body);
        Self {
            etag: etag(digest),
            body,
            is_gzip: false,
        }
    }
}

fn etag(digest: Context) -> Arc<str> {
    let mut text = String::with_capacity(128);
    for byte in digest.finish().as_ref() {
        // Text takes whatever is written.
        let _ = write!(text, "{byte:02X}");
    }
    text.into()
}

/// Packs a long document while it is written: nothing ever holds all of its text.
pub(super) struct Packer {
    digest: Context,
    gzip: Option<GzEncoder<Vec<u8>>>,
}

impl Packer {
    /// A packer that keeps what it is given.
    pub(super) fn keeping() -> Self {
        Self {
            digest: Context::new(&SHA512),
            gzip: Some(GzEncoder::new(Vec::new(), Compression::new(4))),
        }
    }

    /// A packer that only finds out the tag.
    pub(super) fn tagging() -> Self {
        Self {
            digest: Context::new(&SHA512),
            gzip: None,
        }
    }

    pub(super) fn push(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let bytes = bytes.as_ref();
        self.digest.update(bytes);
        match &mut self.gzip {
            Some(gzip) => gzip.write_all(bytes),
            None => Ok(()),
        }
    }

    /// The document; without a body if it was not kept.
    pub(super) fn finish(self) -> io::Result<Document> {
        let mut packed = self.gzip.map_or(Ok(Vec::new()), GzEncoder::finish)?;
        packed.shrink_to_fit();
        Ok(Document {
            etag: etag(self.digest),
            body: packed.into(),
            is_gzip: true,
        })
    }
}
