//! Why a document could not be read.

use super::lines::Position;

/// A fault in a document: kubectl's words, and the place.
///
/// kubectl's own line numbers are part of its words; they count within the document, and for some faults from 0. The
/// position here is the true one, within the document too: [`super::Document::first_line`] leads to the file's lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What is wrong, as kubectl says it.
    pub message: String,
    /// Where, in bytes from the document's start.
    pub offset: usize,
    /// Where, as an editor counts within the document.
    pub position: Position,
}

impl Error {
    pub(super) fn at(bytes: &[u8], offset: usize, message: String) -> Self {
        Self {
            message,
            offset,
            position: Position::of(bytes, offset),
        }
    }
}
