//! Flow collections.

use super::block::Reader;
use super::{DEPTH_MAX, scan};
use crate::manifest::yaml::watch::Watch;
use compact_str::CompactString;
use std::ops::Range;
use tollgate_api::Value;

impl<W: Watch> Reader<'_, '_, W> {
    /// The flow collection that starts here; the reader goes after its closing bracket.
    pub(super) fn flow(&mut self, depth: usize) -> Option<Value> {
        if depth >= DEPTH_MAX {
            return None;
        }
        let start = self.at;
        self.at += 1;
        let value = if self.bytes.get(start) == Some(&b'[') {
            self.flow_sequence(depth)
        } else {
            self.flow_mapping(depth)
        };
        self.span = start..self.at;
        value
    }

    fn flow_sequence(&mut self, depth: usize) -> Option<Value> {
        let base = self.items.len();
        loop {
            if self.flow_peek()? == b']' {
                self.at += 1;
                return Some(self.closed_sequence(base));
            }
            self.count()?;
            self.watch.enter_item(self.at..self.at);
            let value = self.flow_value(depth)?;
            self.watch.leave(self.span.clone());
            if W::WANTS_TREE {
                self.items.push(value);
            }
            self.flow_separator(b']')?;
        }
    }

    fn flow_mapping(&mut self, depth: usize) -> Option<Value> {
        let base = self.entries.len();
        loop {
            if self.flow_peek()? == b'}' {
                self.at += 1;
                return Some(self.closed_mapping(base));
            }
            self.count()?;
            let (key, place, colon) = self.flow_key()?;
            self.watch.enter_key(&key, place);
            self.span = self.at..self.at;
            let value = if !colon || matches!(self.flow_peek()?, b',' | b'}') {
                Value::Null
            } else {
                self.flow_value(depth)?
            };
            self.watch.leave(self.span.clone());
            if W::WANTS_TREE {
                self.entries.push((key, value));
            }
            self.flow_separator(b'}')?;
        }
    }

    /// Moves over a comma, if the closing bracket does not come next.
    fn flow_separator(&mut self, close: u8) -> Option<()> {
        match self.flow_peek()? {
            b',' => self.at += 1,
            next if next == close => {}
            _ => return None,
        }
        Some(())
    }

    /// The next byte that is no white space or comment.
    fn flow_peek(&mut self) -> Option<u8> {
        loop {
            let from = self.at;
            self.at = scan::after_spaces(self.bytes, from);
            match self.peek()? {
                b'\n' => {
                    self.at += 1;
                    // In the first column a document could end.
                    if let Some(b'-' | b'.' | b'#') = self.peek() {
                        return None;
                    }
                }
                b'#' if self.at > from => self.at = scan::line_end(self.bytes, self.at),
                b'#' | b'\t' => return None,
                other => return Some(other),
            }
        }
    }

    fn flow_value(&mut self, depth: usize) -> Option<Value> {
        let start = self.at;
        match self.peek()? {
            b'[' | b'{' => self.flow(depth + 1),
            quote @ (b'"' | b'\'') => {
                let text = self.quoted(quote)?;
                self.span = start..self.at;
                Some(Value::String(text))
            }
            _ => {
                let (place, colon) = self.flow_plain()?;
                if colon {
                    return None;
                }
                let text = self.text.get(place.clone())?;
                self.span = place;
                Self::plain_meaning(text)
            }
        }
    }

    /// A key, where it stands and whether a colon follows, which the reader then has passed.
    fn flow_key(&mut self) -> Option<(CompactString, Range<usize>, bool)> {
        let start = self.at;
        if let Some(quote @ (b'"' | b'\'')) = self.peek() {
            let text = self.quoted(quote)?;
            let place = start..self.at;
            let colon = scan::after_spaces(self.bytes, self.at);
            if self.bytes.get(colon) != Some(&b':') || !self.is_simple_key(start..colon) {
                return None;
            }
            self.at = colon + 1;
            return Some((text, place, true));
        }
        let (place, colon) = self.flow_plain()?;
        let key = self.plain_key(place.clone())?;
        if colon {
            self.at += 1;
        }
        Some((key, place, colon))
    }

    /// A plain scalar on one line, and whether a colon with space after it follows, at which the reader stays.
    fn flow_plain(&mut self) -> Option<(Range<usize>, bool)> {
        let start = self.at;
        match self.peek()? {
            b'-' if !self.is_space_or_end(start + 1) => {}
            b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!'
            | b'|' | b'>' | b'%' | b'@' | b'`' => return None,
            _ => {}
        }
        let mut colon = false;
        loop {
            match self.peek()? {
                b':' if self.is_space_or_end(self.at + 1) => {
                    colon = true;
                    break;
                }
                b',' | b']' | b'}' => break,
                b'[' | b'{' | b'?' | b'\t' => return None,
                b'#' if self.bytes.get(self.at - 1) == Some(&b' ') => return None,
                b'\n' => {
                    // More words on the next line would belong to the scalar.
                    let end = self.at;
                    if !matches!(self.flow_peek()?, b',' | b']' | b'}') {
                        return None;
                    }
                    return Some((start..self.trim_end(start, end), false));
                }
                _ => self.at += 1,
            }
        }
        Some((start..self.trim_end(start, self.at), colon))
    }

    fn trim_end(&self, start: usize, mut end: usize) -> usize {
        while end > start && self.bytes.get(end - 1) == Some(&b' ') {
            end -= 1;
        }
        end
    }
}
