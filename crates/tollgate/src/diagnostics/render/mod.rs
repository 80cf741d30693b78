//! The formats in which findings are written. A renderer is told of every finding as it is found, so that a run over
//! a million documents need not keep them.

mod concise;
mod full;
mod github;
mod json;
mod junit;
mod markdown;
mod sarif;

use super::{Finding, ObjectRef, Summary};
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes findings in one format.
pub trait Render {
    /// Called once, before anything else.
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Called for each finding, in the order of the input.
    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()>;

    /// Called for each object of which nothing is refused, with the file it came from.
    fn passed(&mut self, _object: &ObjectRef, _file: &str, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Called once, at the end.
    fn end(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()>;
}

/// The formats by the names of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Source excerpts, labels, help, and a summary with quota bars
    Full,
    /// A line per finding: `file:line:column: level[rule]: message`
    Concise,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI systems
    Junit,
    /// GitHub workflow commands, shown on the changed lines
    Github,
    /// A Markdown report, for a comment on a change
    Markdown,
}

impl Format {
    /// A renderer of this format; `colour` and `width` (in columns) matter for [`Format::Full`] only.
    pub fn renderer(self, colour: bool, width: usize) -> Box<dyn Render> {
        match self {
            Self::Full => Box::new(full::Full::new(colour, width)),
            Self::Concise => Box::new(concise::Concise),
            Self::Json => Box::new(json::Json::default()),
            Self::Sarif => Box::new(sarif::Sarif::default()),
            Self::Junit => Box::new(junit::Junit::default()),
            Self::Github => Box::new(github::Github),
            Self::Markdown => Box::new(markdown::Markdown::default()),
        }
    }
}

/// A longer message is cut: Kubernetes quotes values whole, and a value may be as large as a file.
const MESSAGE_BYTES_MAX: usize = 32 * 1024;

/// A message on one line.
fn one_line(text: &str) -> String {
    let end = (0..=MESSAGE_BYTES_MAX.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    let (shown, rest) = text.split_at(end.unwrap_or_default());
    let lines: Vec<&str> = shown.split('\n').map(str::trim_end).collect();
    let mut line = visible(&lines.join("; ")).into_owned();
    if !rest.is_empty() {
        line.push_str(&format!("... ({} more bytes)", rest.len()));
    }
    line
}

/// A text without what would change how a terminal shows other text: names come from whoever wrote the manifests.
fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// What a finding says in one line: the object, the verdict, Kubernetes' message.
fn headline(finding: &Finding) -> String {
    let mut parts = Vec::with_capacity(3);
    if let Some(object) = &finding.object {
        parts.push(visible(&object.to_string()).into_owned());
    }
    parts.extend(finding.verdict.clone());
    parts.push(one_line(&finding.message));
    parts.join(": ")
}

/// `1 file`, `2 files`
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_a_terminal_is_escaped() {
        assert_eq!(visible("h\u{e9}llo"), "h\u{e9}llo");
        assert_eq!(visible("\u{1b}[31mred\r"), "\\u{1b}[31mred\\r");
        assert_eq!(visible("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(one_line("a  \nb\u{7}"), "a; b\\u{7}");
    }

    #[test]
    fn a_huge_message_is_cut_between_characters() {
        let line = one_line(&"\u{e9}".repeat(MESSAGE_BYTES_MAX));
        assert!(
            line.ends_with("\u{e9}... (32768 more bytes)"),
            "{}",
            line.len()
        );
        assert!(line.len() < MESSAGE_BYTES_MAX + 100);
    }
}
