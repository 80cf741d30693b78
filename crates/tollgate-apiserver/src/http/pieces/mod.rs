//! Lists written piece by piece while the client reads: what is not written yet costs a pointer an object.

use super::body::{AnswerBody, Pieces};
use crate::storage::{Key, Record};
use bytes::Bytes;
use std::sync::Arc;

/// About how large a piece of a long list is.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// Writes the parts of a list.
pub(super) trait ListWriter: Send {
    /// Appends what stands before the items.
    fn head(&self, out: &mut Vec<u8>);

    /// Appends one item. What was stored was readable when it was stored: an object that is not, is written as an empty
    /// one, since the answer has begun.
    fn item(&self, record: &Record, is_first: bool, out: &mut Vec<u8>);

    /// Appends what stands behind the items.
    fn tail(&self, is_empty: bool, out: &mut Vec<u8>);
}

/// The list as a body: whole if it is small.
pub(super) fn body(
    writer: impl ListWriter + 'static,
    items: Vec<(Key, Arc<Record>)>,
) -> AnswerBody {
    let mut pieces = Writing {
        writer,
        items: items.into_iter(),
        state: State::Head,
    };
    let first = pieces.next().unwrap_or_default();
    if pieces.state == State::Done {
        return first.into();
    }
    let pieces: Pieces = Box::new(std::iter::once(first).chain(pieces));
    AnswerBody::Pieces(pieces)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Items,
    Done,
}

struct Writing<W> {
    writer: W,
    items: std::vec::IntoIter<(Key, Arc<Record>)>,
    state: State,
}

impl<W: ListWriter> Iterator for Writing<W> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.state == State::Done {
            return None;
        }
        let mut out = Vec::with_capacity(PIECE_BYTES.saturating_add(4096));
        let mut is_first = self.state == State::Head;
        if is_first {
            self.writer.head(&mut out);
            self.state = State::Items;
        }
        while out.len() < PIECE_BYTES {
            let Some((_, record)) = self.items.next() else {
                self.writer.tail(is_first, &mut out);
                self.state = State::Done;
                break;
            };
            self.writer.item(&record, is_first, &mut out);
            is_first = false;
        }
        Some(Bytes::from(out))
    }
}

#[cfg(test)]
mod tests;
