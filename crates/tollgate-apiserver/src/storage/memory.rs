//! The store that keeps nothing: the reference for all others.

use super::{
    Event, Key, Receipt, Record, Revision, RevisionError, Snapshot, Store, StoreError, Watcher,
    Write,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// States of the past that can be read and watched from.
const HISTORY_MAX: usize = 10_000;
/// Events that a watcher may lag behind before it is cut off.
const WATCHER_EVENTS_MAX: usize = 10_000;

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    newest: Snapshot,
    /// Older states with the events that led from each to the next.
    history: VecDeque<(Snapshot, Vec<Arc<Event>>)>,
    watchers: Vec<(String, mpsc::Sender<Arc<Event>>)>,
}

impl State {
    fn oldest(&self) -> Revision {
        self.history
            .front()
            .map_or(self.newest.revision, |(snapshot, _)| snapshot.revision)
    }

    fn check(&self, requested: Revision) -> Result<(), RevisionError> {
        if requested > self.newest.revision {
            let newest = self.newest.revision;
            return Err(RevisionError::Future { requested, newest });
        }
        let oldest = self.oldest();
        if requested < oldest {
            return Err(RevisionError::Compacted { requested, oldest });
        }
        Ok(())
    }

    fn apply(&mut self, writes: Vec<Write>) -> Vec<Arc<Event>> {
        let revision = self.newest.revision.saturating_add(1);
        let records = &mut self.newest.records;
        let mut events = Vec::with_capacity(writes.len());
        for write in writes {
            let (key, previous, current) = match write {
                Write::Put { key, value } => {
                    let previous = records.get(&key).cloned();
                    let current = Arc::new(Record {
                        value,
                        revision,
                        created: previous.as_ref().map_or(revision, |old| old.created),
                    });
                    records.insert(key.clone(), Arc::clone(&current));
                    (key, previous, Some(current))
                }
                Write::Delete { key } => match records.remove(&key) {
                    Some(previous) => (key, Some(previous), None),
                    None => continue,
                },
            };
            events.push(Arc::new(Event::new(revision, key, previous, current)));
        }
        if !events.is_empty() {
            self.newest.revision = revision;
        }
        events
    }

    fn publish(&mut self, events: &[Arc<Event>]) {
        self.watchers.retain(|(prefix, sender)| {
            events
                .iter()
                .filter(|event| concerns(event, prefix))
                .all(|event| sender.try_send(Arc::clone(event)).is_ok())
                && !sender.is_closed()
        });
    }
}

fn concerns(event: &Event, prefix: &str) -> bool {
    event
        .key
        .as_ref()
        .is_some_and(|key: &Key| key.as_str().starts_with(prefix))
}

impl MemoryStore {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic in a decision leaves the state as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Snapshot {
        self.lock().newest.clone()
    }

    fn snapshot_at(&self, revision: Revision) -> Result<Snapshot, RevisionError> {
        let state = self.lock();
        state.check(revision)?;
        let past = state
            .history
            .iter()
            .find(|(snapshot, _)| snapshot.revision >= revision)
            .map_or(&state.newest, |(snapshot, _)| snapshot);
        Ok(past.clone())
    }

    fn transact(
        &self,
        decide: &mut dyn FnMut(&Snapshot) -> Vec<Write>,
    ) -> Result<Receipt, StoreError> {
        let mut state = self.lock();
        let writes = decide(&state.newest);
        let before = state.newest.clone();
        let events = state.apply(writes);
        if !events.is_empty() {
            state.publish(&events);
            state.history.push_back((before, events));
            if state.history.len() > HISTORY_MAX {
                state.history.pop_front();
            }
        }
        Ok(Receipt::done(state.newest.revision))
    }

    fn watch(&self, prefix: &str, revision: Revision) -> Result<Watcher, RevisionError> {
        let mut state = self.lock();
        state.check(revision)?;
        let (sender, events) = mpsc::channel(WATCHER_EVENTS_MAX.max(state.history.len()));
        let missed = state
            .history
            .iter()
            .flat_map(|(_, events)| events)
            .filter(|event| event.revision > revision && concerns(event, prefix));
        for event in missed {
            if sender.try_send(Arc::clone(event)).is_err() {
                break;
            }
        }
        state.watchers.push((prefix.to_owned(), sender));
        Ok(Watcher { events })
    }
}
