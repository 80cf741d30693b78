//! Walking over JSON text without building anything: where does a value end, and is it one?

use super::error::{Fault, FaultKind, ParseError};
use super::{DEPTH_MAX, number, string};

/// The offset after the JSON value that starts at `start` or after white space there.
///
/// A stream can hold several documents one after another; this finds where each ends. The text is checked as
/// strictly as [`super::from_slice`] checks it, except for the range of numbers and the count of values.
pub fn skip_value(bytes: &[u8], start: usize) -> Result<usize, ParseError> {
    end(bytes, start).map_err(|fault| fault.explain(bytes))
}

/// See [`skip_value`].
pub(super) fn end(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    Skipper { bytes, at: start }.value()
}

/// The offset after `word`, which must stand at `at`.
pub(super) fn literal(bytes: &[u8], at: usize, word: &'static str) -> Result<usize, Fault> {
    let end = at + word.len();
    if bytes.get(at..end) == Some(word.as_bytes()) {
        return Ok(end);
    }
    let same = word
        .bytes()
        .zip(bytes.get(at..).unwrap_or_default())
        .take_while(|(expected, found)| expected == *found)
        .count();
    Err(Fault::unexpected(at + same, expectation(word, same)))
}

fn expectation(word: &str, place: usize) -> &'static str {
    match (word, place) {
        ("true", 1) => "in literal true (expecting 'r')",
        ("true", 2) => "in literal true (expecting 'u')",
        ("true", _) => "in literal true (expecting 'e')",
        ("false", 1) => "in literal false (expecting 'a')",
        ("false", 2) => "in literal false (expecting 'l')",
        ("false", 3) => "in literal false (expecting 's')",
        ("false", _) => "in literal false (expecting 'e')",
        (_, 1) => "in literal null (expecting 'u')",
        (_, _) => "in literal null (expecting 'l')",
    }
}

struct Skipper<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Skipper<'_> {
    /// Walks with a stack of its own, so that depth costs no stack of the thread.
    fn value(mut self) -> Result<usize, Fault> {
        // Whether each open container is an object.
        let mut open: Vec<bool> = Vec::new();
        loop {
            let mut opened = false;
            match self.peek() {
                Some(b'"') => self.at = string::skip(self.bytes, self.at)?,
                Some(first @ (b'{' | b'[')) => {
                    if open.len() >= DEPTH_MAX {
                        return Err(Fault {
                            at: self.at,
                            kind: FaultKind::TooDeep,
                        });
                    }
                    self.at += 1;
                    open.push(first == b'{');
                    opened = true;
                }
                Some(b'-' | b'0'..=b'9') => self.at += number::scan(self.bytes, self.at)?.0,
                Some(b't') => self.at = literal(self.bytes, self.at, "true")?,
                Some(b'f') => self.at = literal(self.bytes, self.at, "false")?,
                Some(b'n') => self.at = literal(self.bytes, self.at, "null")?,
                _ => return Err(Fault::unexpected(self.at, "looking for beginning of value")),
            }
            if !self.next_value(&mut open, opened)? {
                return Ok(self.at);
            }
        }
    }

    /// Goes to where the next value starts, closing containers on the way; false when the outermost is closed.
    fn next_value(&mut self, open: &mut Vec<bool>, mut opened: bool) -> Result<bool, Fault> {
        while let Some(object) = open.last().copied() {
            let next = self.peek();
            if next == Some(if object { b'}' } else { b']' }) {
                self.at += 1;
                open.pop();
                opened = false;
                continue;
            }
            if !opened {
                if next != Some(b',') {
                    let context = if object {
                        "after object key:value pair"
                    } else {
                        "after array element"
                    };
                    return Err(Fault::unexpected(self.at, context));
                }
                self.at += 1;
            }
            if object {
                self.key()?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn key(&mut self) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            let context = "looking for beginning of object key string";
            return Err(Fault::unexpected(self.at, context));
        }
        self.at = string::skip(self.bytes, self.at)?;
        if self.peek() != Some(b':') {
            return Err(Fault::unexpected(self.at, "after object key"));
        }
        self.at += 1;
        Ok(())
    }

    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }
}
