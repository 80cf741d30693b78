//! Block mappings and sequences.

use super::plain::Key;
use super::{DEPTH_MAX, scan};
use crate::manifest::yaml::scalar;
use crate::manifest::yaml::watch::Watch;
use compact_str::CompactString;
use std::ops::Range;
use tollgate_api::json::VALUES_MAX;
use tollgate_api::value::{Object, Value};

/// The tree of a text that holds nothing but what the fast reader knows.
pub(in crate::manifest::yaml) fn read<W: Watch>(text: &str, watch: &mut W) -> Option<Value> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        column: 0,
        blank_lines: 0,
        comment: false,
        span: 0..0,
        // The bottom places stay: splitting off all of a vector would keep its spare room.
        items: Vec::with_capacity(16),
        entries: Vec::with_capacity(64),
        values: 0,
        watch,
    };
    reader.items.push(Value::Null);
    reader.entries.push((CompactString::default(), Value::Null));
    reader.document()
}

/// `None` from any of its functions means: let the full reader decide.
pub(super) struct Reader<'t, 'w, W> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    /// The next byte.
    pub(super) at: usize,
    /// After [`Reader::next_line`]: the column of the next content, -1 if there is none.
    pub(super) column: isize,
    /// After [`Reader::next_line`]: the empty lines that were passed since the last content.
    pub(super) blank_lines: usize,
    /// After [`Reader::next_line`]: whether a comment was passed.
    pub(super) comment: bool,
    /// Where the last value that was read stands.
    pub(super) span: Range<usize>,
    /// The members of all open sequences, innermost last; a closed one takes its own away.
    pub(super) items: Vec<Value>,
    /// Likewise, the entries of the open mappings.
    pub(super) entries: Vec<(CompactString, Value)>,
    values: usize,
    pub(super) watch: &'w mut W,
}

impl<W: Watch> Reader<'_, '_, W> {
    fn document(&mut self) -> Option<Value> {
        if self.bytes.starts_with(b"---") {
            // The mark of the document's start stands alone on its line.
            self.at = 3;
            self.end_of_value()?;
        } else {
            self.line_from(0)?;
        }
        let value = match self.bytes.get(self.at) {
            None => Value::Null,
            Some(b'[' | b'{') => {
                let value = self.flow(0)?;
                self.end_of_value()?;
                value
            }
            Some(_) => self.block(0)?,
        };
        self.watch.root(self.span.clone());
        // What is left would be a second document or a fault.
        (self.column < 0).then_some(value)
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Whether the byte at that place is a space, a line break or the end.
    #[inline]
    pub(super) fn is_space_or_end(&self, place: usize) -> bool {
        matches!(self.bytes.get(place), None | Some(b' ' | b'\n' | b'\t'))
    }

    /// Goes from the end of a line to the next content.
    #[inline]
    pub(super) fn next_line(&mut self) -> Option<()> {
        self.line_from(self.at + 1)
    }

    /// Goes to the first content at or after a line's start.
    pub(super) fn line_from(&mut self, mut start: usize) -> Option<()> {
        self.blank_lines = 0;
        self.comment = false;
        loop {
            self.at = scan::after_spaces(self.bytes, start);
            match self.peek() {
                None => {
                    self.at = self.bytes.len();
                    self.column = -1;
                    return Some(());
                }
                Some(b'\n') => self.blank_lines += 1,
                Some(b'#') => {
                    self.comment = true;
                    self.at = scan::line_end(self.bytes, self.at);
                }
                Some(b'\t') => return None,
                Some(_) => {
                    self.column = isize::try_from(self.at - start).ok()?;
                    return Some(());
                }
            }
            start = self.at + 1;
        }
    }

    /// Ends a value that must be the last on its line.
    pub(super) fn end_of_value(&mut self) -> Option<()> {
        let end = self.at;
        self.at = scan::after_spaces(self.bytes, self.at);
        match self.peek() {
            None | Some(b'\n') => self.next_line(),
            Some(b'#') if self.at > end => self.skip_comment(),
            Some(_) => None,
        }
    }

    pub(super) fn skip_comment(&mut self) -> Option<()> {
        self.at = scan::line_end(self.bytes, self.at);
        self.next_line()?;
        self.comment = true;
        Some(())
    }

    /// Whether a `-` that opens an entry of a sequence stands here.
    #[inline]
    fn is_dash(&self) -> bool {
        self.peek() == Some(b'-') && self.is_space_or_end(self.at + 1)
    }

    /// The block that starts at the next content.
    fn block(&mut self, depth: usize) -> Option<Value> {
        if self.is_dash() {
            self.sequence(self.column, false, depth)
        } else {
            let start = self.at;
            let key = self.key()?;
            self.mapping(self.column, key, start, depth)
        }
    }

    /// The mapping in that column whose first key has just been read.
    fn mapping(&mut self, column: isize, first: Key, start: usize, depth: usize) -> Option<Value> {
        if depth >= DEPTH_MAX {
            return None;
        }
        let base = self.entries.len();
        let (mut key, mut place) = first;
        loop {
            self.count()?;
            self.watch.enter_key(&key, place);
            let value = self.mapping_value(column, depth)?;
            self.watch.leave(self.span.clone());
            if W::WANTS_TREE {
                self.entries.push((key, value));
            }
            if self.column != column {
                break;
            }
            (key, place) = self.key()?;
        }
        if self.column > column {
            return None;
        }
        self.span.start = start;
        Some(self.closed_mapping(base))
    }

    /// The mapping whose entries stand from that place on.
    #[inline]
    pub(super) fn closed_mapping(&mut self, base: usize) -> Value {
        if W::WANTS_TREE {
            Value::Object(Object::from(self.entries.split_off(base)))
        } else {
            Value::Null
        }
    }

    /// The sequence whose members stand from that place on.
    #[inline]
    pub(super) fn closed_sequence(&mut self, base: usize) -> Value {
        if W::WANTS_TREE {
            Value::Array(self.items.split_off(base))
        } else {
            Value::Null
        }
    }

    /// What a plain scalar means; none if that is for the full reader to say.
    #[inline]
    pub(super) fn plain_meaning(text: &str) -> Option<Value> {
        if W::WANTS_TREE {
            scalar::resolve(text).value(|| Value::String(CompactString::new(text)))
        } else {
            Some(Value::Null)
        }
    }

    /// Counts a value.
    #[inline]
    pub(super) fn count(&mut self) -> Option<()> {
        self.values += 1;
        (self.values <= VALUES_MAX).then_some(())
    }

    /// What stands after the colon of an entry.
    fn mapping_value(&mut self, column: isize, depth: usize) -> Option<Value> {
        self.span = self.at..self.at;
        self.at = scan::after_spaces(self.bytes, self.at);
        match self.peek() {
            None | Some(b'\n') => self.next_line()?,
            Some(b'#') => self.skip_comment()?,
            Some(_) => return self.inline_value(column, depth),
        }
        if self.column > column {
            self.block(depth + 1)
        } else if self.column == column && self.is_dash() {
            self.sequence(column, true, depth + 1)
        } else {
            Some(Value::Null)
        }
    }

    /// A value that starts on the line of its key or dash and is no block.
    fn inline_value(&mut self, column: isize, depth: usize) -> Option<Value> {
        let start = self.at;
        let value = match self.peek()? {
            quote @ (b'"' | b'\'') => {
                let text = self.quoted(quote)?;
                self.span = start..self.at;
                self.end_of_value()?;
                Value::String(text)
            }
            b'[' | b'{' => {
                let value = self.flow(depth + 1)?;
                self.span = start..self.at;
                self.end_of_value()?;
                value
            }
            b'|' | b'>' => Value::String(self.block_scalar(column)?),
            _ => return self.plain_value(column),
        };
        Some(value)
    }

    /// The sequence in that column; without indentation it has the column of the mapping around it.
    fn sequence(&mut self, column: isize, indentless: bool, depth: usize) -> Option<Value> {
        if depth >= DEPTH_MAX {
            return None;
        }
        let start = self.at;
        let base = self.items.len();
        loop {
            self.count()?;
            let dash = self.at;
            self.watch.enter_item(dash..dash + 1);
            self.at += 1;
            let value = self.sequence_value(column, dash, depth)?;
            self.watch.leave(self.span.clone());
            if W::WANTS_TREE {
                self.items.push(value);
            }
            if self.column != column {
                break;
            }
            if !self.is_dash() {
                // The next key of the mapping around, or a fault.
                if indentless {
                    break;
                }
                return None;
            }
        }
        if self.column > column {
            return None;
        }
        self.span.start = start;
        Some(self.closed_sequence(base))
    }

    /// What stands after the dash of an entry.
    fn sequence_value(&mut self, column: isize, dash: usize, depth: usize) -> Option<Value> {
        self.span = self.at..self.at;
        self.at = scan::after_spaces(self.bytes, self.at);
        let start = self.at;
        let inner = column + isize::try_from(start - dash).ok()?;
        match self.peek() {
            None | Some(b'\n') => self.next_line()?,
            Some(b'#') => self.skip_comment()?,
            Some(b'-') if self.is_dash() => return self.sequence(inner, false, depth + 1),
            Some(b'[' | b'{' | b'|' | b'>') => return self.inline_value(column, depth),
            Some(quote @ (b'"' | b'\'')) => {
                let text = self.quoted(quote)?;
                let place = start..self.at;
                if self.is_key_end(place.clone()) {
                    return self.mapping(inner, (text, place), start, depth + 1);
                }
                self.span = place;
                self.end_of_value()?;
                return Some(Value::String(text));
            }
            Some(_) => {
                return match self.plain_or_key()? {
                    Ok(key) => self.mapping(inner, key, start, depth + 1),
                    Err(end) => self.finish_plain(start, end, column),
                };
            }
        }
        if self.column > column {
            self.block(depth + 1)
        } else {
            Some(Value::Null)
        }
    }
}
