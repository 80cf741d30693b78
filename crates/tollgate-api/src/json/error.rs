//! What a reader says about a text that is no JSON, in the words of Go's `encoding/json`.

/// Why a text is no JSON document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct ParseError {
    /// What is wrong, in Go's words, without the place.
    pub message: String,
    /// The line on which reading stopped, from 1.
    pub line: usize,
    /// The column at which reading stopped, from 1, in bytes.
    pub column: usize,
    /// The offset in bytes at which reading stopped.
    pub offset: usize,
}

/// What a reader found wrong, before anybody asked for the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) kind: FaultKind,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// The character at the place does not fit; the context ends Go's sentence.
    Unexpected(&'static str),
    /// More lists and objects inside one another than allowed.
    TooDeep,
    /// More values than allowed.
    TooManyValues,
    /// A number beyond the range of a float, that many bytes long.
    NumberRange(usize),
}

impl Fault {
    pub(super) fn unexpected(at: usize, context: &'static str) -> Self {
        Self {
            at,
            kind: FaultKind::Unexpected(context),
        }
    }

    /// The error for people: words and place.
    pub(super) fn explain(self, text: &[u8]) -> ParseError {
        let before = text.get(..self.at).unwrap_or_default();
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline.saturating_add(1));
        let newlines = before.split(|byte| *byte == b'\n').skip(1).count();
        ParseError {
            message: self.message(text),
            line: newlines.saturating_add(1),
            column: self.at.saturating_sub(line_start).saturating_add(1),
            offset: self.at,
        }
    }

    fn message(self, text: &[u8]) -> String {
        match self.kind {
            FaultKind::Unexpected(context) => match text.get(self.at) {
                Some(byte) => format!("invalid character {} {context}", quote_byte(*byte)),
                None => "unexpected end of JSON input".to_owned(),
            },
            FaultKind::TooDeep => "exceeded max depth".to_owned(),
            FaultKind::TooManyValues => {
                format!("document has more than {} values", super::VALUES_MAX)
            }
            FaultKind::NumberRange(length) => {
                let end = self.at.saturating_add(length);
                let number = text.get(self.at..end).unwrap_or_default();
                let number = String::from_utf8_lossy(number);
                format!("cannot unmarshal number {number} into Go value of type float64")
            }
        }
    }
}

/// A byte as Go's JSON errors quote it.
fn quote_byte(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => {
            let quoted = crate::go_format::quote(char::from(byte).encode_utf8(&mut [0; 4]));
            let inner = quoted.trim_start_matches('"').trim_end_matches('"');
            format!("'{inner}'")
        }
    }
}
