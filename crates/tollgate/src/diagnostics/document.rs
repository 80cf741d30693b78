//! The text of one document of a source file, and places in it.

use crate::manifest::{LineIndex, Position};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// One document: a stretch of a file between two `---` lines, or a whole file.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The file as the person named it; `<stdin>` for standard input.
    pub file: Arc<str>,
    /// The line of the file on which the text begins, from 1.
    pub first_line: usize,
    /// The text.
    pub text: String,
    /// Found when the first place is asked for.
    lines: OnceLock<LineIndex>,
}

impl Document {
    /// The document that begins on that line of a file.
    pub fn new(file: Arc<str>, first_line: usize, text: String) -> Self {
        Self {
            file,
            first_line,
            text,
            lines: OnceLock::new(),
        }
    }

    /// The line of the file and the column of a byte of the text.
    fn position(&self, at: usize) -> Position {
        let text = self.text.as_bytes();
        let lines = self.lines.get_or_init(|| LineIndex::new(text));
        let Position { line, column } = lines.position(text, at);
        Position {
            line: self.first_line + line - 1,
            column,
        }
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        (&self.file, self.first_line, &self.text) == (&other.file, other.first_line, &other.text)
    }
}

impl Eq for Document {}

/// A stretch of a document. Documents are shared, so a place costs no copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The document.
    pub document: Arc<Document>,
    /// The stretch, in bytes of the document's text; may be empty.
    pub span: Range<usize>,
    /// The line of the file on which the stretch begins, from 1.
    pub line: usize,
    /// The column of its first character, from 1, in characters.
    pub column: usize,
    /// The line on which it ends, from 1.
    pub end_line: usize,
    /// The column behind its last character, from 1, in characters.
    pub end_column: usize,
}

impl Place {
    /// The place of `span` in `document`. A span that does not lie on character boundaries within the text is moved
    /// to the nearest ones before.
    pub fn new(document: Arc<Document>, span: Range<usize>) -> Self {
        let text = document.text.as_str();
        let start = floor_char_boundary(text, span.start);
        let end = floor_char_boundary(text, span.end.max(start));
        let (first, last) = (document.position(start), document.position(end));
        Self {
            span: start..end,
            line: first.line,
            column: first.column,
            end_line: last.line,
            end_column: last.column,
            document,
        }
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.document.file
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_of_the_file_and_characters() {
        let document = Arc::new(Document::new("f".into(), 10, "a: b\n\u{e9}: cd\n".into()));
        let place = Place::new(Arc::clone(&document), 9..11);
        assert_eq!(
            (place.line, place.column, place.end_line, place.end_column),
            (11, 4, 11, 6)
        );
        assert_eq!(Place::new(Arc::clone(&document), 6..999).span, 5..12);
        assert_eq!(Place::new(document, 999..1000).span, 12..12);
    }
}
