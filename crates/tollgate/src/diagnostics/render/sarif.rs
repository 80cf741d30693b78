//! `sarif`: SARIF 2.1.0, for code scanning.

use super::{Render, count, headline};
use crate::diagnostics::finding::policy_id;
use crate::diagnostics::{Finding, Label, Level, Summary};
use std::io::{self, Write};
use tollgate_api::{Value, json};

/// GitHub refuses runs with more results.
const RESULTS_MAX: usize = 25_000;

/// Rules that are no control of a policy, and what they are about.
const OTHER_RULES: &[(&str, &str)] = &[
    (
        "pod-security/namespace",
        "The labels of a namespace do less than they say, or refuse pods that exist.",
    ),
    ("priority", "Priority admission refuses the pod."),
    (
        "validation",
        "The API refuses the object: a field is invalid.",
    ),
    (
        "decoding",
        "The API cannot decode the object: an unknown field or a wrong type.",
    ),
    ("syntax", "The text is no YAML or JSON, or cannot be read."),
    (
        "unknown-kind",
        "The kind is unknown; only object counts were judged.",
    ),
];

#[derive(Debug, Default)]
pub(super) struct Sarif {
    results: usize,
}

impl Render for Sarif {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut driver = Value::object();
        driver.set("name", "tollgate");
        driver.set("version", env!("CARGO_PKG_VERSION"));
        driver.set("rules", Value::Array(rules()));
        let tool = Value::from_iter([("driver", driver)]);
        write!(
            out,
            "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\
             \"runs\":[{{\"tool\":{},\"columnKind\":\"unicodeCodePoints\",\"results\":[",
            json::to_string(&tool)
        )
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        self.results += 1;
        if self.results > RESULTS_MAX {
            return Ok(());
        }
        let comma = if self.results == 1 { "" } else { "," };
        write!(out, "{comma}\n{}", json::to_string(&result(finding)))
    }

    fn end(&mut self, _summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let mut invocation = Value::object();
        invocation.set("executionSuccessful", true);
        if let Some(left_out @ 1..) = self.results.checked_sub(RESULTS_MAX) {
            let said = format!(
                "{} beyond the first {RESULTS_MAX} left out",
                count(left_out, "result")
            );
            let mut notification = Value::object();
            notification.set("level", "warning");
            notification.set("message", text(&said));
            invocation.set(
                "toolExecutionNotifications",
                Value::Array(vec![notification]),
            );
        }
        writeln!(
            out,
            "\n],\"invocations\":[{}]}}]}}",
            json::to_string(&invocation)
        )
    }
}

fn text(text: &str) -> Value {
    Value::from_iter([("text", text)])
}

fn rules() -> Vec<Value> {
    let controls = tollgate_policy::control::all().map(|control| {
        (
            format!("{}/{}", policy_id(control.policy), control.id),
            control.guards,
        )
    });
    let others = OTHER_RULES
        .iter()
        .map(|(id, about)| ((*id).to_owned(), *about));
    controls
        .chain(others)
        .map(|(id, about)| {
            let mut rule = Value::object();
            rule.set("id", id);
            rule.set("shortDescription", text(about));
            rule
        })
        .collect()
}

fn result(finding: &Finding) -> Value {
    let level = match finding.level {
        Level::Error | Level::Broken => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let mut said = headline(finding);
    for help in &finding.help {
        said.push_str("\nhelp: ");
        said.push_str(help);
    }
    let mut result = Value::object();
    let rule = finding.rule.id();
    if let Some(object) = &finding.object {
        // Stays the same when lines move, so that code scanning knows a finding again.
        let fingerprint = format!(
            "{rule}:{}/{}/{object}",
            object.api_version, object.namespace
        );
        result.set(
            "partialFingerprints",
            Value::from_iter([("tollgate/v1", fingerprint)]),
        );
    }
    result.set("ruleId", rule);
    result.set("level", level);
    result.set("message", text(&said));
    let locations = finding.labels.iter().take(1).map(location).collect();
    result.set("locations", Value::Array(locations));
    let related: Vec<Value> = finding
        .labels
        .iter()
        .skip(1)
        .chain(&finding.policy_labels)
        .map(location)
        .collect();
    if !related.is_empty() {
        result.set("relatedLocations", Value::Array(related));
    }
    result
}

fn location(label: &Label) -> Value {
    let place = &label.place;
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let region: Value = [
        ("startLine", number(place.line)),
        ("startColumn", number(place.column)),
        ("endLine", number(place.end_line)),
        ("endColumn", number(place.end_column)),
    ]
    .into_iter()
    .collect();
    let mut physical = Value::object();
    physical.set(
        "artifactLocation",
        Value::from_iter([("uri", uri(place.file()))]),
    );
    physical.set("region", region);
    let mut location = Value::object();
    location.set("physicalLocation", physical);
    if !label.text.is_empty() {
        location.set("message", text(&label.text));
    }
    location
}

/// A relative path as a URI reference: `/` between the parts, anything unusual escaped.
fn uri(file: &str) -> String {
    let mut out = String::with_capacity(file.len());
    let file = file.strip_prefix("./").unwrap_or(file);
    for byte in file.bytes() {
        match byte {
            b'\\' => out.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
