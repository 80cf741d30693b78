//! Watches: how many events were sent, how many of them had to be encoded for it, and who was too slow.

use super::Page;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::value::CompactString;

/// The counters of one resource in one version.
#[derive(Debug, Default)]
pub struct WatchCounts {
    events: AtomicU64,
    encodings: AtomicU64,
    cut_off: AtomicU64,
}

/// Group, plural and version.
type Labels = (CompactString, CompactString, CompactString);

/// The counters of all watches.
#[derive(Debug, Default)]
pub struct WatchMetrics(Mutex<BTreeMap<Labels, Arc<WatchCounts>>>);

impl WatchCounts {
    /// Counts an event that is sent to one watcher.
    pub fn sent(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an event that is encoded, for one watcher or for all that share it.
    pub fn encoded(&self) {
        self.encodings.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a watcher that is not waited for any longer.
    pub fn cut_off(&self) {
        self.cut_off.fetch_add(1, Ordering::Relaxed);
    }
}

impl WatchMetrics {
    /// The counters of a resource that is served.
    pub fn of(&self, group: &str, resource: &str, version: &str) -> Arc<WatchCounts> {
        let labels = (group.into(), resource.into(), version.into());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(counts.entry(labels).or_default())
    }

    /// Writes them down.
    pub fn write(&self, page: &mut Page) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = "apiserver_terminated_watchers_total";
        page.begin(name, "counter", "Watchers that were too slow.");
        let mut cut_off: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for ((group, resource, _), counts) in &*counts {
            let sum = cut_off.entry((group, resource)).or_default();
            *sum = sum.saturating_add(counts.cut_off.load(Ordering::Relaxed));
        }
        for ((group, resource), sum) in cut_off {
            page.sample(name, &[("group", group), ("resource", resource)], sum);
        }
        let mut write = |name, help, of: fn(&WatchCounts) -> &AtomicU64| {
            page.begin(name, "counter", help);
            for ((group, resource, version), counts) in &*counts {
                let labels = [
                    ("group", group.as_str()),
                    ("resource", resource),
                    ("version", version),
                ];
                page.sample(name, &labels, of(counts).load(Ordering::Relaxed));
            }
        };
        let help = "Events that were sent to watchers.";
        write("apiserver_watch_events_total", help, |of| &of.events);
        let help = "Events that were encoded for watchers; those that want the same share one.";
        write("tollgate_watch_encodings_total", help, |of| &of.encodings);
    }
}
