//! Events are kept for a while only: upstream's `--event-ttl`.
//!
//! The time begins anew with every change of an event. What is due next is known at any moment, so nothing is scanned.

use crate::audit::NO_TRAIL;
use crate::health::Health;
use crate::resources::Resource;
use crate::storage::{Key, Record, Revision, RevisionError, Watcher};
use crate::verbs::{self, Api, Call, Warnings, record};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::{Timestamp, UserInfo, Value};

const PLURAL: &str = "events";
/// Who the server is to itself, and with which program it works.
const USER: &str = "system:apiserver";
const USER_AGENT: &str = "kube-apiserver";
/// How many events end at once: they share one sync of the disk.
const BATCH_MAX: usize = 256;

/// When which event is due.
#[derive(Debug, Default)]
struct Calendar {
    by_due: BTreeSet<(i64, Key)>,
    entries: BTreeMap<Key, (i64, Revision)>,
}

impl Calendar {
    fn put(&mut self, key: &Key, due: i64, revision: Revision) {
        self.remove(key);
        self.by_due.insert((due, key.clone()));
        self.entries.insert(key.clone(), (due, revision));
    }

    fn remove(&mut self, key: &Key) {
        if let Some((due, _)) = self.entries.remove(key) {
            self.by_due.remove(&(due, key.clone()));
        }
    }

    /// The second at which the next event is due.
    fn next_due(&self) -> Option<i64> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// Events that are due, with the revision that they had when they were put here.
    fn due(&self, now: i64) -> Vec<(Key, Revision)> {
        let due = self.by_due.iter().take_while(|(due, _)| *due <= now);
        let due = due.take(BATCH_MAX).filter_map(|(_, key)| {
            let (_, revision) = self.entries.get(key)?;
            Some((key.clone(), *revision))
        });
        due.collect()
    }
}

/// Ends events.
#[derive(Debug)]
struct Expiry {
    api: Arc<Api>,
    resource: Arc<Resource>,
    seconds: i64,
    calendar: Calendar,
    user: UserInfo,
}

/// Ends events that were not changed for `time`, those that are in the store already included. Nothing ends if it is 0.
pub fn start(api: &Arc<Api>, time: Duration, health: &mut Health) -> Result<(), RevisionError> {
    let catalog = api.catalog.load();
    let resource = catalog.resource("", "v1", PLURAL).cloned();
    let Some(resource) = resource.filter(|_| !time.is_zero()) else {
        return Ok(());
    };
    let snapshot = api.store.snapshot();
    let prefix = Key::prefix("", PLURAL, None);
    let watcher = api.store.watch(&prefix, snapshot.revision())?;
    let mut expiry = Expiry {
        api: Arc::clone(api),
        resource,
        seconds: i64::try_from(time.as_secs().max(1)).unwrap_or(i64::MAX),
        calendar: Calendar::default(),
        user: UserInfo {
            name: USER.into(),
            groups: vec!["system:masters".into(), "system:authenticated".into()],
            ..UserInfo::default()
        },
    };
    for (key, found) in snapshot.range(&prefix) {
        expiry.put_stored(key, found);
    }
    let task = tokio::spawn(expiry.run(watcher, prefix));
    health.runs(&task.abort_handle(), &[]);
    Ok(())
}

impl Expiry {
    fn now(&self) -> i64 {
        self.api.environment.now().unix_seconds()
    }

    /// Of an event of an earlier start only it itself says when it was changed.
    fn put_stored(&mut self, key: &Key, found: &Record) {
        let changed = record::parse(&found.value, 0)
            .ok()
            .and_then(|event| last_change(&event));
        let changed = changed.unwrap_or_else(|| self.now()).min(self.now());
        self.calendar
            .put(key, changed.saturating_add(self.seconds), found.revision);
    }

    async fn run(mut self, mut watcher: Watcher, prefix: String) {
        loop {
            let due = self.calendar.next_due();
            let wait = due.map_or(0, |due| due.saturating_sub(self.now()).max(0));
            let wait = Duration::from_secs(u64::try_from(wait).unwrap_or_default());
            tokio::select! {
                event = watcher.next() => match event {
                    Some(event) => match &event.current {
                        Some(current) => {
                            let due = self.now().saturating_add(self.seconds);
                            self.calendar.put(&event.key, due, current.revision);
                        }
                        None => self.calendar.remove(&event.key),
                    },
                    // Events came faster than they could be noted: all are looked at once.
                    None => match self.begin_anew(&prefix) {
                        Some(anew) => watcher = anew,
                        None => return,
                    },
                },
                () = tokio::time::sleep(wait), if due.is_some() => self.end_due().await,
            }
        }
    }

    fn begin_anew(&mut self, prefix: &str) -> Option<Watcher> {
        let snapshot = self.api.store.snapshot();
        let watcher = self.api.store.watch(prefix, snapshot.revision()).ok()?;
        let known = std::mem::take(&mut self.calendar);
        for (key, found) in snapshot.range(prefix) {
            match known.entries.get(key) {
                Some((due, revision)) if *revision == found.revision => {
                    self.calendar.put(key, *due, *revision);
                }
                _ => self.put_stored(key, found),
            }
        }
        Some(watcher)
    }

    async fn end_due(&mut self) {
        let due = self.calendar.due(self.now());
        let ends = due.iter().map(|(key, revision)| self.end(key, *revision));
        // What could not be written is tried again with its next change or start: a store that cannot write has more to
        // say than this.
        let _ = join_all(ends).await;
        for (key, revision) in &due {
            if self
                .calendar
                .entries
                .get(key)
                .is_some_and(|(_, known)| known == revision)
            {
                self.calendar.remove(key);
            }
        }
    }

    async fn end(&self, key: &Key, revision: Revision) -> Result<(), tollgate_api::Status> {
        let warnings = Warnings::default();
        let call = Call {
            api: &self.api,
            resource: &self.resource,
            subresource: "",
            namespace: key.namespace(),
            name: key.name(),
            user: &self.user,
            user_agent: USER_AGENT,
            warnings: &warnings,
            trail: &NO_TRAIL,
            now: self.api.environment.now(),
        };
        verbs::expire(&call, revision).await
    }
}

/// The second at which an event was changed last, as far as it says so.
fn last_change(event: &Value) -> Option<i64> {
    let series = event.at(&["series", "lastObservedTime"]);
    let times = [
        series,
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event.at(&["metadata", "creationTimestamp"]),
    ];
    let times = times.into_iter().flatten().filter_map(Value::as_str);
    times
        .filter_map(Timestamp::parse)
        .map(Timestamp::unix_seconds)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_due_later_and_what_went_is_never_due() {
        let key = |name| Key::new("", PLURAL, "n", name);
        let mut calendar = Calendar::default();
        calendar.put(&key("a"), 10, 1);
        calendar.put(&key("b"), 20, 2);
        calendar.put(&key("a"), 30, 3);
        assert_eq!(calendar.next_due(), Some(20));
        assert_eq!(calendar.due(29), [(key("b"), 2)]);
        calendar.remove(&key("b"));
        assert_eq!(calendar.due(29), []);
        assert_eq!(calendar.due(30), [(key("a"), 3)]);
    }

    #[test]
    fn the_last_time_that_an_event_names_counts() {
        let event = tollgate_api::json::from_str(
            r#"{"metadata":{"creationTimestamp":"2026-01-15T12:00:00Z"},"lastTimestamp":"2026-01-15T12:01:00Z","eventTime":null}"#,
        )
        .unwrap();
        let noon = 1_768_478_400;
        assert_eq!(last_change(&event), Some(noon + 60));
    }
}
