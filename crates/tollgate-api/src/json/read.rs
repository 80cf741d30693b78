//! JSON text to a tree: one pass, one exact allocation for each list and object.

use super::error::{Fault, FaultKind, ParseError};
use super::{DEPTH_MAX, VALUES_MAX, number, string};
use crate::value::{Number, Object, Value};
use compact_str::CompactString;
use std::borrow::Cow;

/// Reads one JSON document. Duplicate keys are kept (see [`Object`]).
pub fn from_str(text: &str) -> Result<Value, ParseError> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        items: Vec::new(),
        entries: Vec::with_capacity(32),
        values: 0,
    };
    reader.document().map_err(|fault| fault.explain(text))
}

/// Reads one JSON document from bytes. As in Go, each byte that is not UTF-8 becomes U+FFFD.
pub fn from_slice(bytes: &[u8]) -> Result<Value, ParseError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => from_str(text),
        Err(_) => from_str(&replace_invalid(bytes)),
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

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Members of the lists that are open, innermost last; a closed list takes its own away.
    items: Vec<Value>,
    /// Likewise, entries of the open objects.
    entries: Vec<(CompactString, Value)>,
    values: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, Fault> {
        let value = self.value(0)?;
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(Fault::unexpected(self.at, "after top-level value")),
        }
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

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        let first = self.peek();
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(self.fault(FaultKind::TooManyValues));
        }
        match first {
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(self.number()?)),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(Fault::unexpected(self.at, "looking for beginning of value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        self.open(depth)?;
        let start = self.entries.len();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(Object::new()));
        }
        loop {
            if self.peek() != Some(b'"') {
                let context = "looking for beginning of object key string";
                return Err(Fault::unexpected(self.at, context));
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return Err(Fault::unexpected(self.at, "after object key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            self.entries.push((key, value));
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(Fault::unexpected(self.at, "after object key:value pair")),
            }
        }
        self.at += 1;
        let entries: Vec<_> = self.entries.drain(start..).collect();
        Ok(Value::Object(entries.into()))
    }

    fn list(&mut self, depth: usize) -> Result<Value, Fault> {
        self.open(depth)?;
        let start = self.items.len();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(Vec::new()));
        }
        loop {
            let value = self.value(depth + 1)?;
            self.items.push(value);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(Fault::unexpected(self.at, "after array element")),
            }
        }
        self.at += 1;
        Ok(Value::Array(self.items.drain(start..).collect()))
    }

    fn open(&mut self, depth: usize) -> Result<(), Fault> {
        if depth >= DEPTH_MAX {
            return Err(self.fault(FaultKind::TooDeep));
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<CompactString, Fault> {
        let (content, end) = string::read(self.text, self.at)?;
        self.at = end;
        Ok(content)
    }

    fn number(&mut self) -> Result<Number, Fault> {
        let (length, real) = number::scan(self.bytes, self.at)?;
        let end = self.at + length;
        let digits = self.text.get(self.at..end).unwrap_or_default();
        let number = number::value(digits, real, self.at)?;
        self.at = end;
        Ok(number)
    }

    fn literal(&mut self, word: &'static str, value: Value) -> Result<Value, Fault> {
        self.at = super::skip::literal(self.bytes, self.at, word)?;
        Ok(value)
    }

    fn fault(&self, kind: FaultKind) -> Fault {
        Fault { at: self.at, kind }
    }
}
