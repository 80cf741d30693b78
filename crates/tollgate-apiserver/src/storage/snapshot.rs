//! An unchanging state of the whole store, shared with all other states but for what differs.

use super::{Key, Revision};
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
