//! Watches: every change under a prefix, in order, as it becomes durable.
//!
//! A watcher has no queue of its own. It is a place in the window of events that all watchers share ([`super::hub`]),
//! so a thousand of them cost a thousand places. One that reads slowly holds no writer up: the window waits for it as
//! long as it may grow, then moves past its place, and the watch ends.

use super::hub::Hub;
use super::topic::{Reader, Topic};
use super::{Key, Record, Revision};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;
use tokio::task::coop::consume_budget;

/// How many encodings of one event are kept: JSON, and what else watchers ask for.
const ENCODINGS: usize = 4;

/// What an event costs beside its key and its values, in bytes.
const EVENT_BYTES: usize = 256;

/// One change of one record, shared by all who watch it.
#[derive(Debug)]
pub struct Event {
    /// The transaction's revision.
    pub revision: Revision,
    /// Where.
    pub key: Key,
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
            key,
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

    /// What keeping the event costs at most, in bytes: what was there before, and the encoding that watchers share.
    /// What is there now is held by the state, or by the next event of the same key.
    pub(super) fn weight(&self) -> usize {
        let length = |record: &Option<Arc<Record>>| record.as_ref().map_or(0, |r| r.value.len());
        EVENT_BYTES + self.key.as_str().len() + length(&self.previous) + length(&self.current)
    }
}

/// Why a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchEnd {
    /// The watcher fell so far behind that events it had not seen left the window. It must list again.
    TooSlow,
    /// The store was closed.
    Closed,
}

/// Events between a revision of the past and the watcher's own topic, read from a topic that holds more than them.
#[derive(Debug)]
pub(super) struct Backlog {
    pub(super) topic: Arc<Topic>,
    pub(super) reader: Reader,
    pub(super) end: u64,
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.topic.leave(self.reader);
    }
}

/// A running watch.
#[derive(Debug)]
pub struct Watcher {
    pub(super) hub: Arc<Hub>,
    pub(super) prefix: Box<str>,
    pub(super) topic: Arc<Topic>,
    pub(super) changes: watch::Receiver<()>,
    /// Who this is to the topic.
    pub(super) reader: Reader,
    pub(super) backlog: Option<Backlog>,
    /// Events that were read and not yet taken.
    pub(super) ready: VecDeque<Arc<Event>>,
    /// All events up to here were taken.
    pub(super) reached: Revision,
    pub(super) end: Option<WatchEnd>,
}

impl Watcher {
    /// The next change; none once the watch has ended ([`Self::end`] says why). Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        // Whoever follows a busy resource without end lets others have their turn, slower watchers among them.
        consume_budget().await;
        loop {
            self.changes.mark_unchanged();
            if let Some(event) = self.try_next() {
                return Some(event);
            }
            if self.end.is_some() {
                return None;
            }
            if self.changes.changed().await.is_err() {
                self.end = Some(WatchEnd::Closed);
            }
        }
    }

    /// The next change if there is one already.
    pub fn try_next(&mut self) -> Option<Arc<Event>> {
        self.fill();
        let event = self.ready.pop_front()?;
        // There may be more of the same transaction.
        self.reached = self.reached.max(event.revision.saturating_sub(1));
        Some(event)
    }

    /// A durable revision up to which this watch has given every event: what a bookmark may say. It moves on even if
    /// nothing happens under the prefix.
    pub fn progress(&mut self) -> Revision {
        let newest = self.hub.newest();
        self.fill();
        if self.ready.is_empty() && self.end.is_none() {
            self.reached = self.reached.max(newest);
        }
        self.reached
    }

    /// Whether events that this watch has not given are gone already: it will end once it has given what it has.
    pub fn is_cut_off(&self) -> bool {
        let backlog = self.backlog.as_ref();
        let is_behind = backlog.is_some_and(|backlog| backlog.topic.has_lost(backlog.reader));
        is_behind || self.topic.has_lost(self.reader)
    }

    /// Why the watch has ended, if it has.
    pub fn end(&self) -> Option<WatchEnd> {
        if self.ready.is_empty() {
            self.end
        } else {
            None
        }
    }

    /// Reads events into `ready` if it is empty and there are any.
    fn fill(&mut self) {
        while self.ready.is_empty() && self.end.is_none() {
            let read = if let Some(backlog) = &mut self.backlog {
                let (reader, end) = (backlog.reader, backlog.end);
                let topic = &backlog.topic;
                let read = topic.read(reader, end, &self.prefix, &mut self.ready);
                if let Ok(place) = read {
                    if place >= end {
                        self.backlog = None;
                    }
                    continue;
                }
                read
            } else {
                self.topic
                    .read(self.reader, u64::MAX, &self.prefix, &mut self.ready)
            };
            match read {
                Ok(_) => return,
                Err(end) => self.end = Some(end),
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.topic.leave(self.reader);
        self.hub.leave(&self.prefix);
    }
}
