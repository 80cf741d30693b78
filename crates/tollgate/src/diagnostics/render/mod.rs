//! The formats in which findings are written. A renderer is told of every finding as it is found, so that a run over
//! a million documents need not keep them.

use super::{Finding, Summary};
use std::io::{self, Write};

/// Writes findings in one format.
pub trait Render {
    /// Called once, before any finding.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()>;
    /// Called for each finding, in the order of the input.
    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()>;
    /// Called once, at the end.
    fn end(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()>;
}

/// The formats by the names of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Source excerpts, labels, help, and a summary with quota bars: for people.
    Full,
    /// `file:line:column: level[rule]: message`, a line each: for editors and grep.
    Concise,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// `JUnit` XML, for CI systems.
    Junit,
    /// GitHub workflow commands (`::error file=…`).
    Github,
    /// A Markdown report, for a comment on a change.
    Markdown,
}
