//! What is counted, under upstream's names, as text for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tollgate_api::value::CompactString;

/// Upper bounds of the buckets of request durations, in seconds.
const DURATION_BUCKETS: [f64; 22] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0,
    10.0, 15.0, 20.0, 30.0, 60.0,
];

/// What a request is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RequestLabels {
    /// The API group.
    pub group: CompactString,
    /// The plural.
    pub resource: CompactString,
    /// `cluster`, `namespace` or `resource`; empty for other paths.
    pub scope: CompactString,
    /// The subresource, or the path of what is no resource.
    pub subresource: CompactString,
    /// In capitals: `GET`, `LIST`, `WATCH`, `POST`, ...
    pub verb: CompactString,
    /// The version.
    pub version: CompactString,
    /// `All` or empty.
    pub dry_run: CompactString,
}

#[derive(Debug, Clone, Default)]
struct Durations {
    buckets: [u64; DURATION_BUCKETS.len()],
    sum: f64,
    count: u64,
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(RequestLabels, u16), u64>,
    durations: BTreeMap<RequestLabels, Durations>,
    watches: i64,
}

/// The counters of a server.
#[derive(Debug, Default)]
pub struct Metrics {
    counts: Mutex<Counts>,
}

impl Metrics {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request that was answered.
    pub fn request(&self, labels: RequestLabels, code: u16, took: Duration) {
        let mut counts = self.counts();
        let total = counts.requests.entry((labels.clone(), code)).or_default();
        *total = total.saturating_add(1);
        // How long a watch or a stream into a pod is open says nothing.
        if !matches!(labels.verb.as_str(), "WATCH" | "CONNECT") {
            let seconds = took.as_secs_f64();
            let durations = counts.durations.entry(labels).or_default();
            durations.sum += seconds;
            durations.count = durations.count.saturating_add(1);
            for (bound, count) in DURATION_BUCKETS.iter().zip(&mut durations.buckets) {
                if seconds <= *bound {
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    /// Counts a watch that begins (1) or ends (-1).
    pub fn watches(&self, change: i64) {
        let mut counts = self.counts();
        counts.watches = counts.watches.saturating_add(change);
    }

    /// Everything, as text.
    pub fn text(&self) -> String {
        let counts = self.counts();
        let mut out = String::with_capacity(16 * 1024);
        header(
            &mut out,
            "apiserver_longrunning_requests",
            "gauge",
            "Watches that are open.",
        );
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "apiserver_longrunning_requests{{verb=\"WATCH\"}} {}",
            counts.watches
        );
        let name = "apiserver_request_duration_seconds";
        header(
            &mut out,
            name,
            "histogram",
            "How long requests took, by verb and resource.",
        );
        for (labels, durations) in &counts.durations {
            write_durations(&mut out, name, labels, durations);
        }
        let name = "apiserver_request_total";
        header(
            &mut out,
            name,
            "counter",
            "Requests, by verb, resource and code of the answer.",
        );
        for ((labels, code), total) in &counts.requests {
            let labels = labels_text(labels);
            let _ = writeln!(
                out,
                "{name}{{code=\"{code}\",component=\"apiserver\",{labels}}} {total}"
            );
        }
        out
    }
}

fn header(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn write_durations(out: &mut String, name: &str, labels: &RequestLabels, durations: &Durations) {
    let labels = format!("component=\"apiserver\",{}", labels_text(labels));
    for (bound, count) in DURATION_BUCKETS.iter().zip(&durations.buckets) {
        let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
    }
    let (count, sum) = (durations.count, durations.sum);
    let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}");
    let _ = writeln!(
        out,
        "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}"
    );
}

fn labels_text(labels: &RequestLabels) -> String {
    let quoted = |text: &str| tollgate_api::go_format::quote(text);
    format!(
        "dry_run={},group={},resource={},scope={},subresource={},verb={},version={}",
        quoted(&labels.dry_run),
        quoted(&labels.group),
        quoted(&labels.resource),
        quoted(&labels.scope),
        quoted(&labels.subresource),
        quoted(&labels.verb),
        quoted(&labels.version)
    )
}
