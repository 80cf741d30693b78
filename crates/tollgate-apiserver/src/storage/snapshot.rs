//! An unchanging state of the whole store, shared with all other states but for what differs.

use super::{Event, Key, Revision, Write};
use bytes::Bytes;
use imbl::OrdMap;
use std::ops::Bound;
use std::sync::Arc;

/// What is under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The bytes that were put.
    pub value: Bytes,
    /// The revision of the transaction that put them.
    pub revision: Revision,
    /// The revision of the transaction that first put something under the key since it was last absent.
    pub created: Revision,
}

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
            let (key, previous, current) = match write {
                Write::Put { key, value } => {
                    let previous = self.records.get(&key).cloned();
                    let created = previous.as_ref().map_or(revision, |old| old.created);
                    let current = Arc::new(Record {
                        value,
                        revision,
                        created,
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
            .take_while(move |(key, _)| key.as_str().starts_with(prefix))
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
