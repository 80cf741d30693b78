//! `json`: one document with all findings and the summary. Keys are only ever added.

use super::Render;
use crate::diagnostics::{Finding, Label, ObjectRef, Summary};
use std::io::{self, Write};
use tollgate_api::{Value, json};

#[derive(Debug, Default)]
pub(super) struct Json {
    findings: usize,
}

impl Render for Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\"version\":1,\"findings\":[")
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let comma = if self.findings == 0 { "" } else { "," };
        self.findings += 1;
        write!(out, "{comma}\n{}", json::to_string(&finding_value(finding)))
    }

    fn end(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "\n],\"summary\":{}}}",
            json::to_string(&summary_value(summary))
        )
    }
}

fn finding_value(finding: &Finding) -> Value {
    let mut value = Value::object();
    value.set("level", finding.level.word());
    value.set("rule", finding.rule.id());
    if let Some(object) = &finding.object {
        value.set("object", object_value(object));
    }
    value.set("message", finding.message.as_str());
    if let Some(verdict) = &finding.verdict {
        value.set("verdict", verdict.as_str());
    }
    value.set("locations", labels_value(&finding.labels));
    value.set("policyLocations", labels_value(&finding.policy_labels));
    value.set(
        "help",
        Value::Array(
            finding
                .help
                .iter()
                .map(|help| help.as_str().into())
                .collect(),
        ),
    );
    value
}

/// An object reference as in Kubernetes' `ObjectReference`.
pub(super) fn object_value(object: &ObjectRef) -> Value {
    [
        ("apiVersion", &object.api_version),
        ("kind", &object.kind),
        ("namespace", &object.namespace),
        ("name", &object.name),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(key, text)| (key, text.as_str()))
    .collect()
}

fn labels_value(labels: &[Label]) -> Value {
    labels
        .iter()
        .map(|label| {
            let place = &label.place;
            let mut value = Value::object();
            value.set("file", place.file());
            value.set("line", number(place.line));
            value.set("column", number(place.column));
            value.set("endLine", number(place.end_line));
            value.set("endColumn", number(place.end_column));
            if !label.text.is_empty() {
                value.set("text", label.text.as_str());
            }
            value
        })
        .collect::<Vec<_>>()
        .into()
}

fn summary_value(summary: &Summary) -> Value {
    let mut value = Value::object();
    value.set("files", number(summary.files));
    value.set("objects", number(summary.objects));
    value.set("pods", i64::try_from(summary.pods).unwrap_or(i64::MAX));
    value.set("refused", number(summary.refused));
    value.set("warnings", number(summary.warnings));
    value.set("broken", number(summary.broken));
    value.set("skipped", number(summary.skipped));
    let mut quotas = Vec::new();
    for namespace in &summary.namespaces {
        for bar in &namespace.bars {
            let mut entry = Value::object();
            entry.set("namespace", namespace.namespace.as_str());
            entry.set("quota", bar.quota.as_str());
            entry.set("resource", bar.key.as_str());
            entry.set("used", bar.used.to_string());
            if let Some(peak) = &bar.peak {
                entry.set("peak", peak.to_string());
            }
            entry.set("hard", bar.hard.to_string());
            quotas.push(entry);
        }
    }
    value.set("quotas", Value::Array(quotas));
    value
}

fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
