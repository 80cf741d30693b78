//! A topic: the events under one prefix that are still in the window, numbered, who reads them and how far, and a bell
//! for those who wait for more.

use super::{Event, Revision, WatchEnd};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Events that are given out under one lock.
const READ_MAX: usize = 64;
/// Events that are looked at under one lock.
const SCAN_MAX: usize = 4096;

/// Names a reader of one topic.
pub(super) type Reader = u64;

#[derive(Debug)]
pub(super) struct Topic {
    ring: Mutex<Ring>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    /// The number of the first of `events`; numbers are never used twice.
    first: u64,
    /// The newest revision of which an event has left.
    lost: Revision,
    /// The number of the next event that each reader has not read.
    readers: BTreeMap<Reader, u64>,
    next_reader: Reader,
    rung: bool,
    closed: bool,
}

impl Topic {
    /// An empty topic: what happened up to `lost` it does not know.
    pub(super) fn new(lost: Revision) -> Self {
        Self {
            ring: Mutex::new(Ring {
                events: VecDeque::new(),
                first: 0,
                lost,
                readers: BTreeMap::new(),
                next_reader: 0,
                rung: true,
                closed: false,
            }),
            changed: watch::Sender::new(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest revision after which every event is here.
    pub(super) fn oldest(&self) -> Revision {
        self.lock().lost
    }

    /// Adds an event; true if [`Self::ring`] is due because of it.
    pub(super) fn push(&self, event: &Arc<Event>) -> bool {
        let mut ring = self.lock();
        ring.events.push_back(Arc::clone(event));
        std::mem::replace(&mut ring.rung, false)
    }

    /// Wakes everybody who waits.
    pub(super) fn ring(&self) {
        self.lock().rung = true;
        self.changed.send_replace(());
    }

    /// Lets the oldest event go.
    pub(super) fn pop(&self) -> Option<Arc<Event>> {
        let mut ring = self.lock();
        let event = ring.events.pop_front()?;
        ring.first = ring.first.saturating_add(1);
        ring.lost = event.revision;
        Some(event)
    }

    /// Lets the oldest event go if it is this one.
    pub(super) fn pop_if(&self, event: &Arc<Event>) {
        let is_first = self
            .lock()
            .events
            .front()
            .is_some_and(|first| Arc::ptr_eq(first, event));
        if is_first {
            self.pop();
        }
    }

    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.lock().events.len()
    }

    /// Ends all watches.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ring();
    }

    /// Tells of events that are added from now on.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Begins to read at number `place`.
    pub(super) fn enter(&self, place: u64) -> Reader {
        let mut ring = self.lock();
        let reader = ring.next_reader;
        ring.next_reader = reader.saturating_add(1);
        ring.readers.insert(reader, place);
        reader
    }

    /// Reads no more.
    pub(super) fn leave(&self, reader: Reader) {
        self.lock().readers.remove(&reader);
    }

    /// The revision of the oldest event that a reader has yet to read. Whoever has lost events needs none any more.
    pub(super) fn needed(&self) -> Option<Revision> {
        let ring = self.lock();
        let places = ring.readers.values().copied();
        let place = places.filter(|place| *place >= ring.first).min()?;
        let skip = usize::try_from(place.saturating_sub(ring.first)).ok()?;
        ring.events.get(skip).map(|event| event.revision)
    }

    /// Whether events that a reader has not read have left.
    pub(super) fn has_lost(&self, reader: Reader) -> bool {
        let ring = self.lock();
        let place = ring.readers.get(&reader);
        place.is_some_and(|place| *place < ring.first)
    }

    /// The revision of the oldest event that is here.
    pub(super) fn front(&self) -> Option<Revision> {
        self.lock().events.front().map(|event| event.revision)
    }

    /// The number of the first event after `revision`, and the number that the next new event will have.
    pub(super) fn places(&self, revision: Revision) -> (u64, u64) {
        let ring = self.lock();
        let before = ring
            .events
            .partition_point(|event| event.revision <= revision);
        let place = |count: usize| ring.first.saturating_add(count as u64);
        (place(before), place(ring.events.len()))
    }

    /// The events after `revision` and up to `last`, oldest first.
    pub(super) fn between(&self, revision: Revision, last: Revision) -> Vec<Arc<Event>> {
        let ring = self.lock();
        let start = ring
            .events
            .partition_point(|event| event.revision <= revision);
        let end = ring.events.partition_point(|event| event.revision <= last);
        ring.events.range(start..end.max(start)).cloned().collect()
    }

    /// Gives a reader its next events under `prefix`, before number `end`; returns where it goes on. It gives none and
    /// does not move on only if there is nothing yet.
    pub(super) fn read(
        &self,
        reader: Reader,
        end: u64,
        prefix: &str,
        out: &mut VecDeque<Arc<Event>>,
    ) -> Result<u64, WatchEnd> {
        let mut ring = self.lock();
        let place = ring.readers.get(&reader).copied();
        let Some((place, skip)) =
            place.and_then(|place| Some((place, place.checked_sub(ring.first)?)))
        else {
            return Err(WatchEnd::TooSlow);
        };
        let until = usize::try_from(end.saturating_sub(ring.first)).unwrap_or(usize::MAX);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let stop = until
            .min(skip.saturating_add(SCAN_MAX))
            .min(ring.events.len());
        if skip >= stop {
            return if ring.closed {
                Err(WatchEnd::Closed)
            } else {
                Ok(place)
            };
        }
        let mut next = place;
        for event in ring.events.range(skip..stop) {
            next = next.saturating_add(1);
            if event.key.as_str().starts_with(prefix) {
                out.push_back(Arc::clone(event));
                if out.len() >= READ_MAX {
                    break;
                }
            }
        }
        ring.readers.insert(reader, next);
        Ok(next)
    }
}
