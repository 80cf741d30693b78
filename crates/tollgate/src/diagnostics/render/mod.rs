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

/// A message on one line.
fn one_line(text: &str) -> String {
    if !text.contains('\n') {
        return text.trim_end().to_owned();
    }
    text.split('\n')
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("; ")
}

/// What a finding says in one line: the object, the verdict, Kubernetes' message.
fn headline(finding: &Finding) -> String {
    let mut parts = Vec::with_capacity(3);
    if let Some(object) = &finding.object {
        parts.push(object.to_string());
    }
    parts.extend(finding.verdict.clone());
    parts.push(one_line(&finding.message));
    parts.join(": ")
}

/// `1 file`, `2 files`
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
