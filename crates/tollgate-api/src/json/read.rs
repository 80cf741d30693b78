//! JSON text to a tree: one pass, one exact allocation for each list and object.

use super::error::{Fault, FaultKind, ParseError};
use super::fields::{Choice, Everything, Fields};
use super::{DEPTH_MAX, VALUES_MAX, number, skip, string};
use crate::value::{Object, Value};
use compact_str::CompactString;
use std::borrow::Cow;
use std::ops::Deref;

/// Reads one JSON document. Duplicate keys are kept (see [`Object`]).
pub fn from_str(text: &str) -> Result<Value, ParseError> {
    read(text, Everything)
}

fn read(text: &str, choice: impl Choice) -> Result<Value, ParseError> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        items: Vec::with_capacity(16),
        entries: Vec::with_capacity(18),
        count: 0,
        fault: None,
    };
    // The bottom places stay: splitting off all of a vector would keep its spare room.
    reader.items.push(Value::Null);
    reader
        .entries
        .push((CompactString::const_new(""), Value::Null));
    match reader.document(choice) {
        Some(()) => Ok(reader.items.pop().unwrap_or_default()),
        None => Err(reader.fault().explain(text.as_bytes())),
    }
}

/// Reads one JSON document from bytes. As in Go, each byte that is not UTF-8 becomes U+FFFD.
pub fn from_slice(bytes: &[u8]) -> Result<Value, ParseError> {
    read_slice(bytes, Everything)
}

/// Reads some fields of one JSON document from bytes. The text of the others is checked all the same.
pub fn fields_from_slice(bytes: &[u8], fields: Fields) -> Result<Value, ParseError> {
    read_slice(bytes, fields)
}

fn read_slice(bytes: &[u8], choice: impl Choice) -> Result<Value, ParseError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text, choice),
        Err(_) => read(&replace_invalid(bytes), choice),
    }
}

fn replace_invalid(bytes: &[u8]) -> Cow<'_, str> {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Cow::Owned(text)
}

/// The text of a string: a piece of the document, or something with escapes, which is rare.
enum Text<'t> {
    Plain(&'t str),
    Escaped(Box<CompactString>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Escaped(text) => text,
        }
    }
}

/// Where a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// To the entry whose key was read last.
    Entry,
    /// Behind the other members of its list.
    Item,
}

/// `None` from any of its functions means: there is a fault, and it is kept.
///
/// Values are not returned but put where they belong: each move of a string that was just made waits for its bytes.
struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Members of the lists that are open, innermost last; a closed list takes its own away.
    items: Vec<Value>,
    /// Likewise, entries of the open objects.
    entries: Vec<(CompactString, Value)>,
    count: usize,
    fault: Option<Fault>,
}

impl<'t> Reader<'t> {
    fn document(&mut self, choice: impl Choice) -> Option<()> {
        self.value(choice, Place::Item, 0)?;
        match self.peek() {
            None => Some(()),
            Some(_) => self.unexpected("after top-level value"),
        }
    }

    #[inline]
    fn put(&mut self, place: Place, value: Value) {
        if place == Place::Item {
            self.items.push(value);
        } else if let Some(entry) = self.entries.last_mut() {
            entry.1 = value;
        }
    }

    fn fault(&self) -> Fault {
        self.fault
            .unwrap_or(Fault::unexpected(self.at, "looking for beginning of value"))
    }

    #[cold]
    fn fail<T>(&mut self, fault: Fault) -> Option<T> {
        self.fault = Some(fault);
        None
    }

    #[cold]
    fn unexpected<T>(&mut self, context: &'static str) -> Option<T> {
        self.fail(Fault::unexpected(self.at, context))
    }

    #[cold]
    fn fault_here<T>(&mut self, kind: FaultKind) -> Option<T> {
        let at = self.at;
        self.fail(Fault { at, kind })
    }

    /// The next byte that is not white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn value(&mut self, choice: impl Choice, place: Place, depth: usize) -> Option<()> {
        if choice.is_nothing() {
            return self.skip();
        }
        self.count += 1;
        if self.count > VALUES_MAX {
            return self.fault_here(FaultKind::TooManyValues);
        }
        match self.peek() {
            Some(b'"') => {
                match self.string()? {
                    Text::Plain(text) => self.put(place, Value::String(CompactString::new(text))),
                    Text::Escaped(text) => self.put(place, Value::String(*text)),
                }
                Some(())
            }
            Some(b'{') => self.object(choice, place, depth),
            Some(b'[') => self.list(choice, place, depth),
            Some(b'-' | b'0'..=b'9') => self.number(place),
            Some(b't') => self.literal("true", place, Value::Bool(true)),
            Some(b'f') => self.literal("false", place, Value::Bool(false)),
            Some(b'n') => self.literal("null", place, Value::Null),
            _ => self.unexpected("looking for beginning of value"),
        }
    }

    /// What stands here is not read.
    fn skip(&mut self) -> Option<()> {
        match skip::end(self.bytes, self.at) {
            Ok(end) => {
                self.at = end;
                Some(())
            }
            Err(fault) => self.fail(fault),
        }
    }

    fn object(&mut self, choice: impl Choice, place: Place, depth: usize) -> Option<()> {
        self.open(depth)?;
        let first = self.entries.len();
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.put(place, Value::Object(Object::new()));
            return Some(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.unexpected("looking for beginning of object key string");
            }
            let key = self.string()?;
            let choice = choice.of(&key);
            if !choice.is_nothing() {
                match key {
                    Text::Plain(text) => self.entries.push((CompactString::new(text), Value::Null)),
                    Text::Escaped(text) => self.entries.push((*text, Value::Null)),
                }
            }
            if self.peek() != Some(b':') {
                return self.unexpected("after object key");
            }
            self.at += 1;
            self.value(choice, Place::Entry, depth + 1)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return self.unexpected("after object key:value pair"),
            }
        }
        self.at += 1;
        let entries = self.entries.split_off(first);
        self.put(place, Value::Object(entries.into()));
        Some(())
    }

    fn list(&mut self, choice: impl Choice, place: Place, depth: usize) -> Option<()> {
        self.open(depth)?;
        let first = self.items.len();
        if self.peek() == Some(b']') {
            self.at += 1;
            self.put(place, Value::Array(Vec::new()));
            return Some(());
        }
        loop {
            self.value(choice, Place::Item, depth + 1)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return self.unexpected("after array element"),
            }
        }
        self.at += 1;
        let items = self.items.split_off(first);
        self.put(place, Value::Array(items));
        Some(())
    }

    fn open(&mut self, depth: usize) -> Option<()> {
        if depth >= DEPTH_MAX {
            return self.fault_here(FaultKind::TooDeep);
        }
        self.at += 1;
        Some(())
    }

    /// The text of the string that opens here; the reader goes after its closing quote.
    #[inline]
    fn string(&mut self) -> Option<Text<'t>> {
        let start = self.at + 1;
        let end = string::special(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return self.text.get(start..end).map(Text::Plain);
        }
        match string::read_escaped(self.text, start, end) {
            Ok((content, end)) => {
                self.at = end;
                Some(Text::Escaped(Box::new(content)))
            }
            Err(fault) => self.fail(fault),
        }
    }

    fn number(&mut self, place: Place) -> Option<()> {
        let number = number::scan(self.bytes, self.at).and_then(|(length, real)| {
            let digits = self.text.get(self.at..self.at + length).unwrap_or_default();
            let number = number::value(digits, real, self.at)?;
            Ok((number, length))
        });
        match number {
            Ok((number, length)) => {
                self.at += length;
                self.put(place, Value::Number(number));
                Some(())
            }
            Err(fault) => self.fail(fault),
        }
    }

    fn literal(&mut self, word: &'static str, place: Place, value: Value) -> Option<()> {
        match skip::literal(self.bytes, self.at, word) {
            Ok(end) => {
                self.at = end;
                self.put(place, value);
                Some(())
            }
            Err(fault) => self.fail(fault),
        }
    }
}
