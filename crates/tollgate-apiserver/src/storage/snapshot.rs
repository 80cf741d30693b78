//! An unchanging state of the whole store, shared with all other states but for what differs.

use super::{Event, Key, Revision, Write};
use bytes::Bytes;
use imbl::OrdMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The bytes that were put.
    pub value: Bytes,
    /// The revision of the transaction that put them.
    pub revision: Revision,
    /// The revision of the transaction that first put something under the key since it was last absent.
    pub created: Revision,
    /// What was found out about the bytes.
    pub mark: Mark,
}

/// A note about a record, in the words of whoever reads it: a number that is not 0. It is no part of the record.
#[derive(Debug, Default)]
pub struct Mark(AtomicU64);

impl Mark {
    /// Notes a number in the place of the one before.
    pub fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// Whether this number was the last to be noted.
    pub fn is(&self, number: u64) -> bool {
        number != 0 && self.0.load(Ordering::Relaxed) == number
    }
}

impl Clone for Mark {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

impl PartialEq for Mark {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Mark {}

/// The state of the store after a revision.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub(super) revision: Revision,
    pub(super) records: OrdMap<Key, Arc<Record>>,
}

impl Snapshot {
    /// Takes one transaction in: all its writes get the next revision. If they change nothing, neither does it.
    pub(super) fn apply(&mut self, writes: Vec<Write>) -> Vec<Arc<Event>> {
        let revision = self.revision.saturating_add(1);
        let mut events = Vec::with_capacity(writes.len());
        for write in writes {
            #[cfg(test)]
            operations::count();
            let (key, previous, current) = match write {
                Write::Put { key, value } => {
                    let previous = self.records.get(&key).cloned();
                    let created = previous.as_ref().map_or(revision, |old| old.created);
                    let current = Arc::new(Record {
                        value,
                        revision,
                        created,
                        mark: Mark::default(),
                    });
                    self.records.insert(key.clone(), Arc::clone(&current));
                    (key, previous, Some(current))
                }
                Write::Delete { key } => match self.records.remove(&key) {
                    Some(previous) => (key, Some(previous), None),
                    None => continue,
                },
            };
            events.push(Arc::new(Event::new(revision, key, previous, current)));
        }
        if !events.is_empty() {
            self.revision = revision;
        }
        events
    }

    /// Takes events back, newest first, so that the state is that of `revision` again.
    pub(super) fn rewind<'e>(
        &mut self,
        revision: Revision,
        newest_first: impl Iterator<Item = &'e Arc<Event>>,
    ) {
        for event in newest_first {
            match &event.previous {
                Some(previous) => self.records.insert(event.key.clone(), Arc::clone(previous)),
                None => self.records.remove(&event.key),
            };
        }
        self.revision = revision;
    }

    /// The revision of the last transaction this state holds.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What is under a key.
    pub fn get(&self, key: &str) -> Option<&Arc<Record>> {
        #[cfg(test)]
        operations::count();
        self.records.get(key)
    }

    /// The records under keys that start with `prefix`, in order.
    pub fn range<'s>(
        &'s self,
        prefix: &'s str,
    ) -> impl Iterator<Item = (&'s Key, &'s Arc<Record>)> + 's {
        self.range_from(prefix, prefix)
    }

    /// The records under keys that start with `prefix` and are not less than `start`, in order.
    pub fn range_from<'s>(
        &'s self,
        prefix: &'s str,
        start: &'s str,
    ) -> impl Iterator<Item = (&'s Key, &'s Arc<Record>)> + 's {
        let start = start.max(prefix);
        self.records
            .range::<_, str>((Bound::Included(start), Bound::Unbounded))
            .take_while(move |(key, _)| {
                #[cfg(test)]
                operations::count();
                key.as_str().starts_with(prefix)
            })
    }

    /// How many records there are in all.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// How many records this thread has looked at or written: what tests of cost count, since time is nothing to test by.
#[cfg(test)]
pub(crate) mod operations {
    use std::cell::Cell;

    thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        COUNT.set(COUNT.get() + 1);
    }

    /// All so far.
    pub(crate) fn so_far() -> u64 {
        COUNT.get()
    }
}
