//! `concise`: a line per finding, for editors and grep.

use super::{Render, headline, visible};
use crate::diagnostics::{Finding, Summary};
use std::io::{self, Write};

#[derive(Debug)]
pub(super) struct Concise;

impl Render for Concise {
    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        if let Some(label) = finding.labels.first() {
            let place = &label.place;
            write!(
                out,
                "{}:{}:{}: ",
                visible(place.file()),
                place.line,
                place.column
            )?;
        }
        writeln!(
            out,
            "{}[{}]: {}",
            finding.level.word(),
            finding.rule.id(),
            headline(finding)
        )
    }

    fn end(&mut self, _summary: &Summary, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
