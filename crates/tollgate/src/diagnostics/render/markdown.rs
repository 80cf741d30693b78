//! `markdown`: a report for a comment on a change.

use super::{Render, count, one_line, visible};
use crate::diagnostics::{Finding, Summary};
use std::io::{self, Write};

#[derive(Debug, Default)]
pub(super) struct Markdown {
    findings: usize,
}

impl Render for Markdown {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "## Tollgate")
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        if self.findings == 0 {
            writeln!(
                out,
                "\n| | Object | What Kubernetes answers | Where |\n| --- | --- | --- | --- |"
            )?;
        }
        self.findings += 1;
        let object = finding.object.as_ref().map_or(String::new(), |object| {
            if object.namespace.is_empty() {
                format!("`{object}`")
            } else {
                format!("`{object}` in `{}`", object.namespace)
            }
        });
        let mut says = String::new();
        if let Some(verdict) = &finding.verdict {
            says.push_str(&format!("**{}**<br>", cell(verdict)));
        }
        says.push_str(&cell(&one_line(&finding.message)));
        for help in &finding.help {
            says.push_str(&format!("<br>_help:_ {}", cell(help)));
        }
        let place = finding.labels.first().map_or(String::new(), |label| {
            format!("`{}:{}`", cell(label.place.file()), label.place.line)
        });
        writeln!(
            out,
            "| **{}** | {} | {says} | {place} |",
            finding.level.word(),
            cell(&object)
        )
    }

    fn end(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "\n{} ({}): {} refused, {}, {} not judged.",
            count(summary.objects, "object"),
            count(usize::try_from(summary.pods).unwrap_or(usize::MAX), "pod"),
            summary.refused,
            count(summary.warnings, "warning"),
            summary.broken
        )?;
        if summary.namespaces.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n### Quotas\n\n| Namespace | Quota | Resource | Used | Peak | Hard | |"
        )?;
        writeln!(out, "| --- | --- | --- | ---: | ---: | ---: | ---: |")?;
        for namespace in &summary.namespaces {
            for bar in &namespace.bars {
                writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} | {} % |",
                    cell(&namespace.namespace),
                    cell(&bar.quota),
                    cell(&bar.key),
                    bar.used,
                    bar.peak.as_ref().map_or(String::new(), ToString::to_string),
                    bar.hard,
                    bar.percent()
                )?;
            }
        }
        Ok(())
    }
}

/// Text inside a table's cell.
fn cell(text: &str) -> String {
    visible(text)
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .replace(['\n', '\r'], " ")
}
