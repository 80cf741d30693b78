//! A run of a container as somebody follows it: its lines as they come, then its end.

use super::logs::{self, Line};
use super::moment;
use super::pod_lifecycle::{ContainerRun, run_of};
use crate::clock::Clock;
use crate::driver::Cached;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

/// A pod as it was last; none once it is gone.
type Newest = Option<Arc<Cached>>;

/// Who follows which pod, by unique id.
#[derive(Debug, Default)]
pub(super) struct Followed {
    by_uid: Mutex<BTreeMap<CompactString, watch::Sender<Newest>>>,
}

impl Followed {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<CompactString, watch::Sender<Newest>>> {
        self.by_uid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of what becomes of a pod from now on.
    pub(super) fn follow(&self, uid: &str) -> watch::Receiver<Newest> {
        let mut by_uid = self.lock();
        let sender = by_uid
            .entry(uid.into())
            .or_insert_with(|| watch::channel(None).0);
        sender.subscribe()
    }

    /// Tells what became of a pod; nothing of it is kept once nobody listens.
    pub(super) fn tell(&self, uid: &str, newest: Newest) {
        let mut by_uid = self.lock();
        let Some(sender) = by_uid.get(uid) else {
            return;
        };
        let is_gone = newest.is_none();
        if sender.send(newest).is_err() || is_gone {
            by_uid.remove(uid);
        }
    }
}

/// What a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// It writes a line.
    Line(Line),
    /// It ends, with this code.
    Ended(i64),
}

/// A run that is followed.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) pod: Value,
    pub(super) container: String,
    /// Which run: the one that started then.
    pub(super) started_at: Timestamp,
    /// How many of its lines have been given.
    pub(super) given: usize,
    pub(super) changes: watch::Receiver<Newest>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Following {
    /// What the run does next; none once its pod is gone.
    pub(super) async fn next(&mut self) -> Option<Written> {
        loop {
            let now = self.clock.now();
            let (container, run) = self.run()?;
            let mut lines = logs::lines(&self.pod, container, &run, now);
            if self.given < lines.len() {
                let line = lines.swap_remove(self.given);
                self.given = self.given.saturating_add(1);
                return Some(Written::Line(line));
            }
            if let Some(exit_code) = run.exit_code {
                return Some(Written::Ended(exit_code));
            }
            let next = logs::next_after(&self.pod, container, &run, now);
            let wait = next.map(|next| moment::millis_between(now, next));
            let wait = wait.and_then(|millis| u64::try_from(millis).ok());
            tokio::select! {
                changed = self.changes.changed() => {
                    changed.ok()?;
                    let newest = self.changes.borrow_and_update().clone();
                    self.pod = newest?.object().ok()?;
                }
                () = tokio::time::sleep(Duration::from_millis(wait.unwrap_or_default())), if wait.is_some() => {}
            }
        }
    }

    /// The run, which may have become the one before.
    fn run(&self) -> Option<(&Value, ContainerRun)> {
        [false, true].into_iter().find_map(|previous| {
            let (container, run) = run_of(&self.pod, &self.container, previous)?;
            let run = run.filter(|run| run.started_at == self.started_at)?;
            Some((container, run))
        })
    }
}
