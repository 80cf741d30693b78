//! `full`: source excerpts, labels and help as compilers print them, and a summary with quota bars.

use super::{Render, count, headline, one_line, visible};
use crate::diagnostics::{Document, Finding, Label, Level, NamespaceQuotas, QuotaBar, Summary};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level as Title, Renderer, Snippet};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

/// Labels of one document that are further apart than this get excerpts of their own: rendering looks at every line
/// in between.
const EXCERPT_LINES_MAX: usize = 200;
/// A wider stretch than this is underlined on its first line only.
const UNDERLINED_LINES_MAX: usize = 3;
/// How many places of one finding are shown.
const LABELS_MAX: usize = 12;
/// The width of a quota bar, in characters.
const BAR_WIDTH: usize = 20;

#[derive(Debug)]
pub(super) struct Full {
    renderer: Renderer,
    colour: bool,
}

impl Full {
    pub(super) fn new(colour: bool, width: usize) -> Self {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        Self {
            renderer: renderer.term_width(width),
            colour,
        }
    }

    fn bold(&self, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

impl Render for Full {
    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let level = match finding.level {
            Level::Error | Level::Broken => Title::ERROR,
            Level::Warning => Title::WARNING,
            Level::Note => Title::NOTE,
        };
        let title = match (&finding.object, &finding.verdict) {
            (Some(_), Some(_)) => headline(finding),
            // A refusal names the object in Kubernetes' words; a warning does not.
            (Some(_), None) if matches!(finding.level, Level::Warning | Level::Note) => {
                headline(finding)
            }
            _ => one_line(&finding.message),
        };
        let mut group = level
            .primary_title(title)
            .id(finding.rule.id())
            .elements(excerpts(&finding.labels, AnnotationKind::Primary));
        group = group.elements(excerpts(&finding.policy_labels, AnnotationKind::Context));
        for help in &finding.help {
            group = group.element(Title::HELP.message(help.as_str()));
        }
        let report: [Group<'_>; 1] = [group];
        writeln!(out, "{}\n", self.renderer.render(&report))
    }

    fn end(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        for namespace in &summary.namespaces {
            self.namespace(namespace, out)?;
        }
        let mut parts = vec![
            count(summary.objects, "object"),
            count(usize::try_from(summary.pods).unwrap_or(usize::MAX), "pod"),
        ];
        parts.push(format!("{} refused", summary.refused));
        parts.push(count(summary.warnings, "warning"));
        if summary.broken > 0 {
            parts.push(format!("{} not judged", summary.broken));
        }
        if summary.skipped > 0 {
            parts.push(format!("{} of unknown kind", summary.skipped));
        }
        writeln!(
            out,
            "{} {}",
            self.bold(&format!("{}:", count(summary.files, "file"))),
            parts.join(", ")
        )
    }
}

impl Full {
    fn namespace(&self, namespace: &NamespaceQuotas, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{}",
            self.bold(&format!("namespace {}", namespace.namespace))
        )?;
        let width = |of: fn(&QuotaBar) -> usize| namespace.bars.iter().map(of).max().unwrap_or(0);
        let (quota_width, key_width) = (width(|bar| bar.quota.len()), width(|bar| bar.key.len()));
        let used_width = width(|bar| bar.used.to_string().len());
        let hard_width = width(|bar| bar.hard.to_string().len());
        let mut last_quota = None;
        for bar in &namespace.bars {
            let quota = if last_quota == Some(&bar.quota) {
                ""
            } else {
                bar.quota.as_str()
            };
            last_quota = Some(&bar.quota);
            let (used, hard) = (bar.used.to_string(), bar.hard.to_string());
            write!(
                out,
                "  {quota:quota_width$}  {:key_width$}  {}  {used:>used_width$} of {hard:>hard_width$}  {:>3} %",
                bar.key,
                self.bar(bar),
                bar.percent()
            )?;
            if let (Some(peak), Some(percent)) = (&bar.peak, bar.peak_percent()) {
                write!(out, "  (peak {peak}, {percent} %)")?;
            }
            writeln!(out)?;
        }
        writeln!(out)
    }

    fn bar(&self, bar: &QuotaBar) -> String {
        let cells = |percent: u64| {
            let cells = usize::try_from(percent)
                .unwrap_or(usize::MAX)
                .saturating_mul(BAR_WIDTH)
                / 100;
            cells.min(BAR_WIDTH)
        };
        let used = cells(bar.percent());
        let peak = bar.peak_percent().map_or(used, cells).max(used);
        let text = format!(
            "[{}{}{}]",
            "#".repeat(used),
            "+".repeat(peak - used),
            ".".repeat(BAR_WIDTH - peak)
        );
        let code = match bar.peak_percent().unwrap_or(0).max(bar.percent()) {
            _ if !self.colour => return text,
            0..80 => 32,
            80..100 => 33,
            _ => 31,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// The excerpts of the documents in which the labels stand, in the order of their first labels.
fn excerpts(labels: &[Label], kind: AnnotationKind) -> Vec<Snippet<'_, Annotation<'_>>> {
    let mut groups: Vec<Vec<&Label>> = Vec::new();
    for label in labels.iter().take(LABELS_MAX) {
        let near = |group: &&mut Vec<&Label>| {
            group.iter().all(|other| {
                Arc::ptr_eq(&other.place.document, &label.place.document)
                    && other.place.line.abs_diff(label.place.line) <= EXCERPT_LINES_MAX
            })
        };
        match groups.iter_mut().find(near) {
            Some(group) => group.push(label),
            None => groups.push(vec![label]),
        }
    }
    groups
        .iter()
        .filter_map(|group| excerpt(group, kind))
        .collect()
}

fn excerpt<'l>(labels: &[&'l Label], kind: AnnotationKind) -> Option<Snippet<'l, Annotation<'l>>> {
    let document: &'l Document = &labels.first()?.place.document;
    if document.text.is_empty() {
        // A file that cannot be read has nothing to show; the message names it.
        return None;
    }
    let spans: Vec<Range<usize>> = labels.iter().map(|label| underlined(label)).collect();
    let start = spans.iter().map(|span| span.start).min()?;
    let end = spans.iter().map(|span| span.end).max()?;
    let text = document.text.as_str();
    let start = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let end = text
        .get(end..)?
        .find('\n')
        .map_or(text.len(), |at| end + at);
    let line = document.first_line + text.get(..start)?.matches('\n').count();
    let mut snippet = Snippet::source(text.get(start..end)?)
        .line_start(line)
        .path(visible(&document.file));
    for (index, (label, span)) in labels.iter().zip(spans).enumerate() {
        let kind = if index == 0 {
            kind
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(span.start - start..span.end - start);
        snippet = snippet.annotation(if label.text.is_empty() {
            annotation
        } else {
            annotation.label(visible(&label.text))
        });
    }
    Some(snippet)
}

/// What is underlined: the stretch without trailing line breaks, or its first line if it is long.
fn underlined(label: &Label) -> Range<usize> {
    let place = &label.place;
    let text = place
        .document
        .text
        .get(place.span.clone())
        .unwrap_or_default()
        .trim_end();
    let text = if text.matches('\n').count() >= UNDERLINED_LINES_MAX {
        text.lines().next().unwrap_or_default()
    } else {
        text
    };
    place.span.start..place.span.start + text.len()
}
