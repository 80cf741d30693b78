//! Watches: every change under a prefix, in order, as it becomes durable.

use super::{Key, Record, Revision};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// How many encodings of one event are kept: JSON, and what else watchers ask for.
const ENCODINGS: usize = 4;

/// One change of one record, shared by all who watch it.
#[derive(Debug, Default)]
pub struct Event {
    /// The transaction's revision.
    pub revision: Revision,
    /// Where.
    pub key: Option<Key>,
    /// What was there.
    pub previous: Option<Arc<Record>>,
    /// What is there now; none if it was deleted.
    pub current: Option<Arc<Record>>,
    encodings: [OnceLock<Bytes>; ENCODINGS],
}

impl Event {
    /// A change.
    pub fn new(
        revision: Revision,
        key: Key,
        previous: Option<Arc<Record>>,
        current: Option<Arc<Record>>,
    ) -> Self {
        Self {
            revision,
            key: Some(key),
            previous,
            current,
            encodings: Default::default(),
        }
    }

    /// The event in a form that several watchers want: made by the first, shared by all. `form` names it; forms beyond
    /// those that are kept are made each time.
    pub fn encoded(&self, form: usize, make: impl FnOnce() -> Bytes) -> Bytes {
        match self.encodings.get(form) {
            Some(kept) => kept.get_or_init(make).clone(),
            None => make(),
        }
    }
}

/// A running watch.
#[derive(Debug)]
pub struct Watcher {
    pub(super) events: mpsc::Receiver<Arc<Event>>,
}

impl Watcher {
    /// The next change; none once the watcher was too slow, or the store is closed.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        self.events.recv().await
    }
}
