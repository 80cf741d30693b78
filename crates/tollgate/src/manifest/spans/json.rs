//! Places in JSON documents.

use super::Recorder;
use std::borrow::Cow;
use std::ops::Range;
use tollgate_api::json;

/// Where everything stands in a JSON document; none if it is no JSON.
pub(super) fn record(text: &str) -> Option<Recorder> {
    let mut walk = Walk {
        text,
        bytes: text.as_bytes(),
        recorder: Recorder::for_text(text),
    };
    walk.document()?;
    Some(walk.recorder)
}

/// A walk over a document, with a stack of its own so that depth costs no stack of the thread.
struct Walk<'t> {
    text: &'t str,
    bytes: &'t [u8],
    recorder: Recorder,
}

/// An object or list that has not ended.
struct Open {
    start: usize,
    close: u8,
}

/// What comes after a value and all that ends with it.
enum After {
    /// Another value, there.
    Value(usize),
    Nothing,
}

impl Walk<'_> {
    fn document(&mut self) -> Option<()> {
        let mut open: Vec<Open> = Vec::new();
        let mut start = self.after_space(0);
        loop {
            let close = match self.bytes.get(start)? {
                b'{' => Some(b'}'),
                b'[' => Some(b']'),
                _ => None,
            };
            let end = match close {
                None => json::skip_value(self.bytes, start).ok()?,
                Some(_) if open.len() >= json::DEPTH_MAX => return None,
                Some(close) => {
                    let inside = self.after_space(start + 1);
                    if self.bytes.get(inside) != Some(&close) {
                        open.push(Open { start, close });
                        start = self.enter(close, inside)?;
                        continue;
                    }
                    inside + 1
                }
            };
            let After::Value(value) = self.leave(&mut open, start..end)? else {
                return Some(());
            };
            start = value;
        }
    }

    /// Ends a value and whatever ends with it.
    fn leave(&mut self, open: &mut Vec<Open>, mut value: Range<usize>) -> Option<After> {
        loop {
            let Some(around) = open.last() else {
                self.recorder.root(value);
                return Some(After::Nothing);
            };
            let end = value.end;
            self.recorder.leave(value);
            let at = self.after_space(end);
            match self.bytes.get(at)? {
                b',' => {
                    let next = self.after_space(at + 1);
                    return self.enter(around.close, next).map(After::Value);
                }
                close if *close == around.close => {
                    value = around.start..at + 1;
                    open.pop();
                }
                _ => return None,
            }
        }
    }

    /// Begins the entry or member at `at` of what ends with `close`; returns where its value starts.
    fn enter(&mut self, close: u8, at: usize) -> Option<usize> {
        if close == b']' {
            self.recorder.enter_item(at..at);
            return Some(at);
        }
        let key_end = json::skip_value(self.bytes, at).ok()?;
        let key = key(self.text.get(at..key_end)?)?;
        let colon = self.after_space(key_end);
        if self.bytes.get(colon) != Some(&b':') {
            return None;
        }
        self.recorder.enter_key(&key, at..key_end);
        Some(self.after_space(colon + 1))
    }

    fn after_space(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.bytes.get(at) {
            at += 1;
        }
        at
    }
}

/// What a written key means.
fn key(written: &str) -> Option<Cow<'_, str>> {
    let inside = written.strip_prefix('"')?.strip_suffix('"')?;
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    let decoded = json::from_str(written).ok()?;
    Some(Cow::Owned(decoded.as_str()?.to_owned()))
}
