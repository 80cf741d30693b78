//! Requests: how many, how long they took, how large their answers were, and how many are under way.

use super::{Bounds, Histogram, Page, WatchMetrics};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tollgate_api::value::CompactString;

const DURATIONS: Bounds = &[
    (0.005, "0.005"),
    (0.025, "0.025"),
    (0.05, "0.05"),
    (0.1, "0.1"),
    (0.2, "0.2"),
    (0.4, "0.4"),
    (0.6, "0.6"),
    (0.8, "0.8"),
    (1.0, "1"),
    (1.25, "1.25"),
    (1.5, "1.5"),
    (2.0, "2"),
    (3.0, "3"),
    (4.0, "4"),
    (5.0, "5"),
    (6.0, "6"),
    (8.0, "8"),
    (10.0, "10"),
    (15.0, "15"),
    (20.0, "20"),
    (30.0, "30"),
    (45.0, "45"),
    (60.0, "60"),
];
const SIZES: Bounds = &[
    (1e3, "1000"),
    (1e4, "10000"),
    (1e5, "100000"),
    (1e6, "1e+06"),
    (1e7, "1e+07"),
    (1e8, "1e+08"),
    (1e9, "1e+09"),
];

/// What a request is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RequestLabels {
    /// `apiserver` for resources, else empty.
    pub component: &'static str,
    /// The API group.
    pub group: CompactString,
    /// The plural.
    pub resource: CompactString,
    /// `cluster`, `namespace` or `resource`; empty for other paths.
    pub scope: &'static str,
    /// The subresource, or the path of what is no resource.
    pub subresource: CompactString,
    /// In capitals: `GET`, `LIST`, `WATCH`, `POST`, ...
    pub verb: &'static str,
    /// The version.
    pub version: CompactString,
    /// `All`, `invalid` or empty.
    pub dry_run: &'static str,
}

impl RequestLabels {
    /// Upstream's labels in their order; those of all metrics but some have no `dry_run`.
    fn pairs(&self, with_dry_run: bool) -> Vec<(&'static str, &str)> {
        let mut pairs = vec![("component", self.component)];
        if with_dry_run {
            pairs.push(("dry_run", self.dry_run));
        }
        pairs.extend([
            ("group", self.group.as_str()),
            ("resource", &self.resource),
            ("scope", self.scope),
            ("subresource", &self.subresource),
            ("verb", self.verb),
            ("version", &self.version),
        ]);
        pairs
    }

    /// Whether the request only looks.
    fn is_read(&self) -> bool {
        matches!(self.verb, "GET" | "LIST")
    }
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(RequestLabels, u16), u64>,
    durations: BTreeMap<RequestLabels, Histogram>,
    sizes: BTreeMap<RequestLabels, Histogram>,
    long_running: BTreeMap<RequestLabels, i64>,
}

/// The counters of requests.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Those of watches.
    pub watches: WatchMetrics,
    counts: Mutex<Counts>,
    reading: AtomicI64,
    writing: AtomicI64,
}

/// A request that is under way, until this is dropped.
#[derive(Debug)]
pub struct InFlight<'m>(&'m AtomicI64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that is open, until this is dropped.
#[derive(Debug)]
pub struct LongRunning {
    metrics: Arc<Metrics>,
    labels: RequestLabels,
}

impl Drop for LongRunning {
    fn drop(&mut self) {
        let mut counts = self.metrics.counts();
        if let Some(open) = counts.long_running.get_mut(&self.labels) {
            *open = open.saturating_sub(1);
        }
    }
}

impl Metrics {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request that was answered.
    pub fn request(&self, labels: RequestLabels, code: u16, took: Duration) {
        let mut counts = self.counts();
        let total = counts.requests.entry((labels.clone(), code)).or_default();
        *total = total.saturating_add(1);
        // How long a watch or a stream into a pod is open says nothing.
        if !matches!(labels.verb, "WATCH" | "CONNECT") {
            let durations = counts.durations.entry(labels);
            durations
                .or_insert_with(|| Histogram::new(DURATIONS))
                .observe(took);
        }
    }

    /// Counts the bytes of an answer, if the request only looked.
    pub fn answer_size(&self, labels: RequestLabels, bytes: u64) {
        if labels.is_read() {
            let mut counts = self.counts();
            let labels = RequestLabels {
                dry_run: "",
                ..labels
            };
            let sizes = counts.sizes.entry(labels);
            sizes
                .or_insert_with(|| Histogram::new(SIZES))
                .observe_size(bytes);
        }
    }

    /// Counts a request as under way.
    pub fn in_flight(&self, writes: bool) -> InFlight<'_> {
        let count = if writes { &self.writing } else { &self.reading };
        count.fetch_add(1, Ordering::Relaxed);
        InFlight(count)
    }

    /// Counts a stream as open.
    pub fn long_running(self: &Arc<Self>, labels: RequestLabels) -> LongRunning {
        let labels = RequestLabels {
            dry_run: "",
            ..labels
        };
        let mut counts = self.counts();
        let open = counts.long_running.entry(labels.clone()).or_default();
        *open = open.saturating_add(1);
        drop(counts);
        LongRunning {
            metrics: Arc::clone(self),
            labels,
        }
    }

    /// Writes them down.
    pub fn write(&self, page: &mut Page) {
        let name = "apiserver_current_inflight_requests";
        page.begin(name, "gauge", "Requests under way that are no streams.");
        for (kind, count) in [("mutating", &self.writing), ("readOnly", &self.reading)] {
            let count = count.load(Ordering::Relaxed);
            page.sample(name, &[("request_kind", kind)], count);
        }
        let counts = self.counts();
        let name = "apiserver_longrunning_requests";
        page.begin(name, "gauge", "Streams that are open.");
        for (labels, open) in &counts.long_running {
            page.sample(name, &labels.pairs(false), open);
        }
        let name = "apiserver_request_duration_seconds";
        page.begin(name, "histogram", "How long requests took.");
        for (labels, durations) in &counts.durations {
            page.histogram(name, &labels.pairs(true), durations);
        }
        let name = "apiserver_request_total";
        page.begin(name, "counter", "Requests, by the code of the answer.");
        for ((labels, code), total) in &counts.requests {
            let code = code.to_string();
            let mut pairs = vec![("code", code.as_str())];
            pairs.extend(labels.pairs(true));
            page.sample(name, &pairs, total);
        }
        let name = "apiserver_response_sizes";
        page.begin(name, "histogram", "Bytes of the answers to GET and LIST.");
        for (labels, sizes) in &counts.sizes {
            page.histogram(name, &labels.pairs(false), sizes);
        }
        self.watches.write(page);
    }
}
