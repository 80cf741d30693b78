//! Regular expressions of schemas: Go's syntax, which is nearly ours, and Go's words for what is wrong.

use regex::Regex;
use regex_syntax::ast::ErrorKind;
use std::fmt;

/// A pattern that was compiled.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    /// None if the text is no expression, which then matches nothing.
    compiled: Option<Regex>,
}

/// Why a text is no expression, as Go says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError(String);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    /// The pattern of a schema that has been accepted.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            compiled: compile(text).ok(),
        }
    }

    /// The expression, or what Go says of it.
    pub fn check(text: &str) -> Result<(), PatternError> {
        compile(text).map(|_| ())
    }

    /// Whether the expression matches anywhere in `value`.
    pub fn matches(&self, value: &str) -> bool {
        self.compiled
            .as_ref()
            .is_some_and(|compiled| compiled.is_match(value))
    }

    /// The first matches in `value`, at most so many.
    pub fn find_all(&self, value: &str, most: usize) -> Vec<String> {
        let compiled = self.compiled.iter();
        let found = compiled.flat_map(|compiled| compiled.find_iter(value));
        found
            .take(most)
            .map(|found| found.as_str().to_owned())
            .collect()
    }

    /// The expression.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Go's `\z` is ours; its `\Q…\E` and `\C` are not, and hardly anybody writes them.
fn compile(text: &str) -> Result<Regex, PatternError> {
    if let Err(error) = regex_syntax::ast::parse::Parser::new().parse(text) {
        return Err(explain(text, &error));
    }
    // Classes of digits, words and spaces are ASCII in Go.
    let ascii = ascii_classes(text);
    Regex::new(&ascii).map_err(|error| PatternError(format!("error parsing regexp: {error}")))
}

/// Writes Perl's classes as the ASCII classes that they are in Go.
fn ascii_classes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    let mut in_class = false;
    for c in text.chars() {
        if escaped {
            escaped = false;
            let named = match c {
                'd' => Some("[:digit:]"),
                'D' => Some("[:^digit:]"),
                'w' => Some("[:word:]"),
                'W' => Some("[:^word:]"),
                's' => Some("\\t\\n\\x0C\\r "),
                'S' if !in_class => Some("^\\t\\n\\x0C\\r "),
                _ => None,
            };
            match named {
                Some(named) if in_class => out.push_str(named),
                Some(named) => {
                    out.push('[');
                    out.push_str(named);
                    out.push(']');
                }
                None => {
                    out.push('\\');
                    out.push(c);
                }
            }
            continue;
        }
        match c {
            '\\' => {
                escaped = true;
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        out.push(c);
    }
    if escaped {
        out.push('\\');
    }
    out
}

fn explain(text: &str, error: &regex_syntax::ast::Error) -> PatternError {
    let span = error.span();
    let from = |start: usize, end: usize| text.get(start..end).unwrap_or(text).to_owned();
    let here = from(span.start.offset, span.end.offset);
    let rest = from(span.start.offset, text.len());
    let (what, shown) = match error.kind() {
        ErrorKind::GroupUnclosed => ("missing closing )", text.to_owned()),
        ErrorKind::GroupUnopened => ("unexpected )", text.to_owned()),
        ErrorKind::ClassUnclosed => ("missing closing ]", rest),
        ErrorKind::RepetitionMissing => {
            let operator: String = rest.chars().take(1).collect();
            ("missing argument to repetition operator", operator)
        }
        ErrorKind::RepetitionCountInvalid => ("invalid repeat count", here),
        ErrorKind::ClassRangeInvalid => ("invalid character class range", here),
        ErrorKind::EscapeUnexpectedEof => {
            ("trailing backslash at end of expression", String::new())
        }
        ErrorKind::UnsupportedLookAround | ErrorKind::FlagUnrecognized => {
            ("invalid or unsupported Perl syntax", here)
        }
        ErrorKind::EscapeUnrecognized | ErrorKind::UnsupportedBackreference => {
            ("invalid escape sequence", here)
        }
        ErrorKind::GroupNameEmpty
        | ErrorKind::GroupNameInvalid
        | ErrorKind::GroupNameUnexpectedEof => ("invalid named capture", rest),
        _ => ("invalid escape sequence", here),
    };
    PatternError(format!("error parsing regexp: {what}: `{shown}`"))
}
