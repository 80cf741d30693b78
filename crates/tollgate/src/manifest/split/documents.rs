//! The iterator over a source's documents.

use super::super::document::{Document, Form, Trouble};
use super::json_stream::{self, JsonStream};
use memchr::memmem::Finder;
use std::sync::{Arc, LazyLock};

/// Finds the lines that can separate documents.
static SEPARATOR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\n---"));

/// A text with documents in it, and the name that people know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// A path, or `-` for standard input.
    pub name: String,
    /// The text.
    pub bytes: Vec<u8>,
}

/// The documents of a source, in order. Only cutting happens here; reading is [`Document::read`].
///
/// A source that begins with `{` is a stream of JSON documents, until something in it is no JSON. Anything else is cut
/// at lines that start with `---`.
pub fn split(source: Arc<Source>) -> Documents {
    let json = json_stream::looks_like_json(&source.bytes).then(JsonStream::default);
    Documents {
        source,
        at: 0,
        line: 1,
        after_document: false,
        json,
        trouble: Trouble::None,
    }
}

/// The iterator that [`split`] returns.
#[derive(Debug, Clone)]
pub struct Documents {
    source: Arc<Source>,
    /// Where the next document starts, and on which line.
    at: usize,
    line: usize,
    /// Whether a separator here would end the last document; else it begins the next, as its first line.
    after_document: bool,
    json: Option<JsonStream>,
    /// What was wrong when the source turned out not to be JSON; belongs to the next document.
    trouble: Trouble,
}

impl Iterator for Documents {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        if let Some(json) = &mut self.json {
            let start = json_stream::after_space(&self.source.bytes, self.at);
            match json.next(&self.source.bytes, start)? {
                json_stream::Next::Document(end) => {
                    self.pass(start);
                    return Some(self.cut(end, Form::Json, Trouble::None));
                }
                json_stream::Next::Broken(message, offset) => {
                    self.pass(start);
                    let end = self.source.bytes.len();
                    let trouble = Trouble::Unreadable(message, offset - start);
                    return Some(self.cut(end, Form::Json, trouble));
                }
                json_stream::Next::Yaml(message, offset) => {
                    self.json = None;
                    let start = json_stream::after_line(&self.source.bytes, self.at);
                    self.pass(start);
                    self.trouble = Trouble::NoJson(message, offset.saturating_sub(start));
                }
            }
        }
        self.next_yaml()
    }
}

impl Documents {
    /// Moves on and counts lines.
    fn pass(&mut self, to: usize) {
        let passed = self.source.bytes.get(self.at..to).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.at = to;
    }

    /// The document from here to `end`.
    fn cut(&mut self, end: usize, form: Form, trouble: Trouble) -> Document {
        let document = Document {
            source: Arc::clone(&self.source),
            range: self.at..end,
            first_line: self.line,
            form,
            trouble,
        };
        self.pass(end);
        document
    }

    fn next_yaml(&mut self) -> Option<Document> {
        loop {
            if self.at >= self.source.bytes.len() {
                return None;
            }
            let separator = self.separator(self.at);
            if separator > self.at {
                return Some(self.cut_yaml(separator));
            }
            let line_end =
                memchr::memchr(b'\n', self.rest()).map_or(self.rest().len(), |at| at + 1);
            let text = self.rest().get(3..line_end).unwrap_or_default();
            let text = String::from_utf8_lossy(text);
            let text = text.trim();
            if !text.is_empty() && !text.starts_with('#') {
                // kubectl stops here; we report the line and go on behind the next separator.
                self.trouble =
                    Trouble::Unreadable(format!("invalid Yaml document separator: {text}"), 0);
            } else if self.after_document {
                self.after_document = false;
                self.pass(self.at + line_end);
                continue;
            }
            let end = self.separator(self.at + line_end);
            return Some(self.cut_yaml(end));
        }
    }

    fn cut_yaml(&mut self, end: usize) -> Document {
        let trouble = std::mem::replace(&mut self.trouble, Trouble::None);
        self.after_document = true;
        self.cut(end, Form::Yaml, trouble)
    }

    fn rest(&self) -> &[u8] {
        self.source.bytes.get(self.at..).unwrap_or_default()
    }

    /// Where the next separating line starts, at `from`, which is the start of a line, or later; the end if there is none.
    fn separator(&self, from: usize) -> usize {
        let rest = self.source.bytes.get(from..).unwrap_or_default();
        if rest.starts_with(b"---") {
            return from;
        }
        match SEPARATOR.find(rest) {
            Some(place) => from + place + 1,
            None => self.source.bytes.len(),
        }
    }
}
