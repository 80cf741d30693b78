//! Places in JSON documents.

use super::{Finder, Located};
use tollgate_api::field::{FieldPath, Segment};
use tollgate_api::json;

/// Where a field stands in a JSON document.
pub(in crate::manifest) fn locate(text: &str, path: &FieldPath) -> Option<Located> {
    let mut finder = Finder::new(path);
    let mut walk = Walk {
        text,
        bytes: text.as_bytes(),
    };
    let start = walk.after_space(0);
    let end = walk.value(start, &path.0, &mut finder)?;
    finder.root(start..end);
    Some(finder.finish())
}

struct Walk<'t> {
    text: &'t str,
    bytes: &'t [u8],
}

impl Walk<'_> {
    fn after_space(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.bytes.get(at) {
            at += 1;
        }
        at
    }

    /// Walks over the value at `start`, into what the rest of the path names; returns its end.
    fn value(&mut self, start: usize, rest: &[Segment], finder: &mut Finder<'_>) -> Option<usize> {
        match (rest.split_first(), self.bytes.get(start)?) {
            (Some((Segment::Field(name) | Segment::Key(name), rest)), b'{') => {
                self.object(start, name, rest, finder)
            }
            (Some((Segment::Index(index), rest)), b'[') => self.list(start, *index, rest, finder),
            _ => json::skip_value(self.bytes, start).ok(),
        }
    }

    fn object(
        &mut self,
        start: usize,
        name: &str,
        rest: &[Segment],
        finder: &mut Finder<'_>,
    ) -> Option<usize> {
        let mut at = self.after_space(start + 1);
        while self.bytes.get(at) != Some(&b'}') {
            let key_end = json::skip_value(self.bytes, at).ok()?;
            let key = json::from_str(self.text.get(at..key_end)?).ok()?;
            let colon = self.after_space(key_end);
            if self.bytes.get(colon) != Some(&b':') {
                return None;
            }
            let value = self.after_space(colon + 1);
            let key = key.as_str()?;
            finder.enter_key(key, at..key_end);
            let end = if key == name {
                self.value(value, rest, finder)?
            } else {
                json::skip_value(self.bytes, value).ok()?
            };
            finder.leave(value..end);
            at = self.after_comma(end)?;
        }
        Some(at + 1)
    }

    fn list(
        &mut self,
        start: usize,
        wanted: usize,
        rest: &[Segment],
        finder: &mut Finder<'_>,
    ) -> Option<usize> {
        let mut at = self.after_space(start + 1);
        let mut index = 0;
        while self.bytes.get(at) != Some(&b']') {
            finder.enter_item(index, at..at);
            let end = if index == wanted {
                self.value(at, rest, finder)?
            } else {
                json::skip_value(self.bytes, at).ok()?
            };
            finder.leave(at..end);
            at = self.after_comma(end)?;
            index += 1;
        }
        Some(at + 1)
    }

    fn after_comma(&self, end: usize) -> Option<usize> {
        let at = self.after_space(end);
        match self.bytes.get(at)? {
            b',' => Some(self.after_space(at + 1)),
            b'}' | b']' => Some(at),
            _ => None,
        }
    }
}
