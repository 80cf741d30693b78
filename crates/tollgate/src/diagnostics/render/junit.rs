//! `junit`: a test suite per file, a test case per object.

use super::{Render, headline};
use crate::diagnostics::{Finding, Level, ObjectRef, Summary};
use std::io::{self, Write};

/// Holds the cases of one file: a suite's counts stand in front of its cases.
#[derive(Debug, Default)]
pub(super) struct Junit {
    file: String,
    cases: Vec<Case>,
}

#[derive(Debug)]
struct Case {
    object: Option<ObjectRef>,
    failures: String,
    errors: String,
    warnings: String,
}

impl Junit {
    fn case(
        &mut self,
        file: &str,
        object: Option<&ObjectRef>,
        out: &mut dyn Write,
    ) -> io::Result<&mut Case> {
        if self.file != file {
            self.flush(out)?;
            file.clone_into(&mut self.file);
        }
        let known = self
            .cases
            .last()
            .is_some_and(|case| object.is_some() && case.object.as_ref() == object);
        if !known {
            self.cases.push(Case {
                object: object.cloned(),
                failures: String::new(),
                errors: String::new(),
                warnings: String::new(),
            });
        }
        self.cases
            .last_mut()
            .ok_or_else(|| io::Error::other("a case was just added"))
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.cases.is_empty() {
            return Ok(());
        }
        let failures = self
            .cases
            .iter()
            .filter(|case| !case.failures.is_empty())
            .count();
        let errors = self
            .cases
            .iter()
            .filter(|case| !case.errors.is_empty())
            .count();
        writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\">",
            escape(&self.file),
            self.cases.len()
        )?;
        for case in self.cases.drain(..) {
            write_case(&case, &self.file, out)?;
        }
        writeln!(out, "  </testsuite>")
    }
}

impl Render for Junit {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tollgate\">"
        )
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let place = finding.labels.first().map(|label| &label.place);
        let file = place.map_or("", |place| place.file()).to_owned();
        let case = self.case(&file, finding.object.as_ref(), out)?;
        let mut text = headline(finding);
        if let Some(place) = place {
            text.push_str(&format!(
                "\nat {}:{}:{}",
                place.file(),
                place.line,
                place.column
            ));
        }
        for help in &finding.help {
            text.push_str(&format!("\nhelp: {help}"));
        }
        let (element, into) = match finding.level {
            Level::Error => ("failure", &mut case.failures),
            Level::Broken => ("error", &mut case.errors),
            Level::Warning | Level::Note => {
                case.warnings
                    .push_str(&format!("{}: {text}\n", finding.level.word()));
                return Ok(());
            }
        };
        into.push_str(&format!(
            "      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n",
            escape(&finding.rule.id()),
            escape(&headline(finding)),
            escape(&text)
        ));
        Ok(())
    }

    fn passed(&mut self, object: &ObjectRef, file: &str, out: &mut dyn Write) -> io::Result<()> {
        self.case(file, Some(object), out).map(drop)
    }

    fn end(&mut self, _summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)?;
        writeln!(out, "</testsuites>")
    }
}

fn write_case(case: &Case, file: &str, out: &mut dyn Write) -> io::Result<()> {
    let (name, class) = match &case.object {
        Some(object) if object.namespace.is_empty() => (object.to_string(), String::new()),
        Some(object) => (object.to_string(), object.namespace.clone()),
        None => ("document".to_owned(), String::new()),
    };
    let class = if class.is_empty() {
        file.to_owned()
    } else {
        class
    };
    write!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\"",
        escape(&name),
        escape(&class)
    )?;
    if case.failures.is_empty() && case.errors.is_empty() && case.warnings.is_empty() {
        return writeln!(out, "/>");
    }
    write!(out, ">\n{}{}", case.failures, case.errors)?;
    if !case.warnings.is_empty() {
        writeln!(
            out,
            "      <system-out>{}</system-out>",
            escape(case.warnings.trim_end())
        )?;
    }
    writeln!(out, "    </testcase>")
}

/// Text for XML: markup escaped, characters that XML 1.0 cannot hold replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' | '\r' => out.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    out
}
