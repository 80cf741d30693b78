//! The text of one document of a source file, and places in it.

use std::ops::Range;
use std::sync::Arc;

/// One document: a stretch of a file between two `---` lines, or a whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// The file as the person named it; `<stdin>` for standard input.
    pub file: Arc<str>,
    /// The line of the file on which the text begins, from 1.
    pub first_line: usize,
    /// The text.
    pub text: String,
}

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
        let (line, column) = position(text, start);
        let (end_line, end_column) = position(text, end);
        let first = document.first_line;
        Self {
            span: start..end,
            line: first + line,
            column,
            end_line: first + end_line,
            end_column,
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

/// The line from 0 and the column from 1 of a byte offset.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |at| at + 1);
    let lines = memchr::memchr_iter(b'\n', before.as_bytes()).count();
    (
        lines,
        before.get(line_start..).unwrap_or_default().chars().count() + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_of_the_file_and_characters() {
        let document = Arc::new(Document {
            file: "f".into(),
            first_line: 10,
            text: "a: b\n\u{e9}: cd\n".into(),
        });
        let place = Place::new(Arc::clone(&document), 9..11);
        assert_eq!(
            (place.line, place.column, place.end_line, place.end_column),
            (11, 4, 11, 6)
        );
        assert_eq!(Place::new(Arc::clone(&document), 6..999).span, 5..12);
        assert_eq!(Place::new(document, 999..1000).span, 12..12);
    }
}
