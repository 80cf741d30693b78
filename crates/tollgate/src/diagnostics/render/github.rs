//! `github`: workflow commands, which GitHub shows on the changed lines.

use super::{Render, count, headline};
use crate::diagnostics::{Finding, Level, Summary};
use std::io::{self, Write};

#[derive(Debug)]
pub(super) struct Github;

impl Render for Github {
    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let command = match finding.level {
            Level::Error | Level::Broken => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        write!(out, "::{command} ")?;
        if let Some(label) = finding.labels.first() {
            let place = &label.place;
            write!(
                out,
                "file={},line={},endLine={},",
                property(in_repository(place.file())),
                place.line,
                place.end_line
            )?;
            // Columns are only taken for stretches of one line.
            if place.line == place.end_line {
                write!(out, "col={},endColumn={},", place.column, place.end_column)?;
            }
        }
        let mut text = headline(finding);
        for help in &finding.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        writeln!(
            out,
            "title={}::{}",
            property(&finding.rule.id()),
            data(&text)
        )
    }

    fn end(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "tollgate: {}, {} refused, {}, {} not judged",
            count(summary.objects, "object"),
            summary.refused,
            count(summary.warnings, "warning"),
            summary.broken
        )
    }
}

/// The path as GitHub knows it.
fn in_repository(file: &str) -> &str {
    file.strip_prefix("./").unwrap_or(file)
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
