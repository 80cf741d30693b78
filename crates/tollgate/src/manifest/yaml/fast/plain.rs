//! Plain scalars and keys.

use super::block::Reader;
use super::{KEY_BYTES_MAX, scan};
use crate::manifest::yaml::scalar;
use crate::manifest::yaml::watch::Watch;
use compact_str::CompactString;
use std::ops::Range;
use tollgate_api::Value;

/// The text of a key, and where it stands.
pub(super) type Key = (CompactString, Range<usize>);

/// What ends the words of a plain scalar on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A `:` with space after it: the words are a key.
    Colon,
    /// A `#` with space before it.
    Comment,
    /// The end of the line.
    Line,
}

impl<W: Watch> Reader<'_, '_, W> {
    /// The words of a plain scalar from here to what ends them, where the reader stays: where they end.
    #[inline]
    fn plain_words(&mut self) -> Option<(usize, Stop)> {
        let start = self.at;
        let stop = loop {
            self.at = scan::plain_special(self.bytes, self.at);
            match self.peek() {
                Some(b':') if self.is_space_or_end(self.at + 1) => break Stop::Colon,
                Some(b':') => {}
                Some(b'#') => {
                    if self.at > start && self.bytes.get(self.at - 1) == Some(&b' ') {
                        break Stop::Comment;
                    }
                }
                None | Some(b'\n') => break Stop::Line,
                Some(_) => return None,
            }
            self.at += 1;
        };
        let mut end = self.at;
        while end > start && self.bytes.get(end - 1) == Some(&b' ') {
            end -= 1;
        }
        Some((end, stop))
    }

    /// Whether a plain scalar can start here, in a block.
    #[inline]
    fn starts_plain(&self) -> bool {
        match self.peek() {
            // `---` and `...` can be the marks of a document.
            Some(b'-' | b'.') if self.bytes.get(self.at + 1) == self.bytes.get(self.at) => {
                self.bytes.get(self.at + 2) != self.bytes.get(self.at)
            }
            Some(b'-' | b'?' | b':') => !self.is_space_or_end(self.at + 1),
            Some(
                b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
                | b'"' | b'%' | b'@' | b'`',
            )
            | None => false,
            Some(_) => true,
        }
    }

    /// The key that stands here, and where it stands; the reader goes on after its colon.
    #[inline]
    pub(super) fn key(&mut self) -> Option<Key> {
        let start = self.at;
        if let Some(quote @ (b'"' | b'\'')) = self.peek() {
            let text = self.quoted(quote)?;
            let place = start..self.at;
            return self.is_key_end(place.clone()).then_some((text, place));
        }
        self.plain_or_key()?.ok()
    }

    /// After a quoted scalar: whether it is a key on one line. The reader goes after the colon if so.
    pub(super) fn is_key_end(&mut self, place: Range<usize>) -> bool {
        let colon = scan::after_spaces(self.bytes, self.at);
        let is_key = self.bytes.get(colon) == Some(&b':')
            && self.is_space_or_end(colon + 1)
            && self.is_simple_key(place.start..colon);
        if is_key {
            self.at = colon + 1;
        }
        is_key
    }

    /// Whether a quoted scalar is short enough for a key and on one line.
    pub(super) fn is_simple_key(&self, place: Range<usize>) -> bool {
        let key = self.bytes.get(place).unwrap_or_default();
        key.len() <= KEY_BYTES_MAX && !key.contains(&b'\n')
    }

    /// A key, if the words here have a colon after them, else where they end.
    #[inline]
    pub(super) fn plain_or_key(&mut self) -> Option<Result<Key, (usize, Stop)>> {
        if !self.starts_plain() {
            return None;
        }
        let start = self.at;
        let (end, stop) = self.plain_words()?;
        if stop != Stop::Colon {
            return Some(Err((end, stop)));
        }
        let key = self.plain_key(start..end)?;
        self.at += 1;
        Some(Ok((key, start..end)))
    }

    /// The text of a plain key.
    #[inline]
    pub(super) fn plain_key(&self, place: Range<usize>) -> Option<CompactString> {
        let text = self.text.get(place)?;
        if text.len() > KEY_BYTES_MAX || text == "<<" {
            return None;
        }
        match scalar::resolve(text) {
            scalar::Scalar::Text => Some(CompactString::new(text)),
            meaning => scalar::key_text(meaning).map(CompactString::from),
        }
    }

    /// A plain scalar that is no key, in a block with that column.
    #[inline]
    pub(super) fn plain_value(&mut self, column: isize) -> Option<Value> {
        if !self.starts_plain() {
            return None;
        }
        let start = self.at;
        let words = self.plain_words()?;
        self.finish_plain(start, words, column)
    }

    /// Ends a plain scalar, or goes on with it on the next lines.
    #[inline]
    pub(super) fn finish_plain(
        &mut self,
        start: usize,
        (end, stop): (usize, Stop),
        column: isize,
    ) -> Option<Value> {
        self.span = start..end;
        match stop {
            Stop::Colon => return None,
            Stop::Comment => self.skip_comment()?,
            Stop::Line => {
                self.next_line()?;
                if self.column > column && !self.comment {
                    return self.more_plain_lines(start..end, column);
                }
            }
        }
        let text = self.text.get(start..end)?;
        Self::plain_meaning(text)
    }

    /// Goes on with a plain scalar on deeper lines: a line break is a space, more are one fewer.
    #[cold]
    fn more_plain_lines(&mut self, first: Range<usize>, column: isize) -> Option<Value> {
        let start = first.start;
        let mut text = self.text.get(first)?.to_owned();
        loop {
            match self.blank_lines {
                0 => text.push(' '),
                lines => text.extend(std::iter::repeat_n('\n', lines)),
            }
            let from = self.at;
            let (end, stop) = self.plain_words()?;
            text.push_str(self.text.get(from..end)?);
            self.span = start..end;
            match stop {
                Stop::Colon => return None,
                Stop::Comment => {
                    self.skip_comment()?;
                    break;
                }
                Stop::Line => self.next_line()?,
            }
            if self.column <= column || self.comment {
                break;
            }
        }
        Self::plain_meaning(&text)
    }
}
