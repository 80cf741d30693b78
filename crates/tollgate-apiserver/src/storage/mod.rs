//! The store: records under keys, one counter of revisions, transactions, snapshots and watches.
//!
//! A store knows nothing of Kubernetes objects: a record is bytes. What is visible to readers is durable. A transaction
//! decides against the newest state, durable or not, so that writers never wait for a disk before they know their
//! answer; they wait for it before they tell anybody ([`Receipt::durable`]).

mod durable;
mod hub;
mod key;
mod memory;
mod receipt;
mod snapshot;
mod topic;
mod watch;
mod window;

pub use durable::{Durability, DurableStore, OpenError, Options, archive};
pub use key::Key;
pub use memory::MemoryStore;
pub use receipt::Receipt;
#[cfg(test)]
pub(crate) use snapshot::operations;
pub use snapshot::{Mark, Record, Snapshot};
pub use watch::{Event, WatchEnd, Watcher};
pub use window::Window;

use bytes::Bytes;

/// Counts transactions: every transaction that writes takes the next one. 0 is before the first.
pub type Revision = u64;

/// One change in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Puts a value under a key, whether something is there or not.
    Put {
        /// Where.
        key: Key,
        /// What.
        value: Bytes,
    },
    /// Removes what is under a key; nothing happens if nothing is there.
    Delete {
        /// Where.
        key: Key,
    },
}

/// Why a state of the past (or the future) cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevisionError {
    /// It is forgotten; upstream answers 410.
    #[error("revision {requested} is compacted, the oldest is {oldest}")]
    Compacted {
        /// What was asked for.
        requested: Revision,
        /// The oldest that can be had.
        oldest: Revision,
    },
    /// It has not happened yet.
    #[error("revision {requested} is in the future, the newest is {newest}")]
    Future {
        /// What was asked for.
        requested: Revision,
        /// The newest that can be had.
        newest: Revision,
    },
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full; reads go on.
    #[error("no space left for writes: {0}")]
    Full(String),
    /// Writing failed; reads go on, writes are refused from here on.
    #[error("the store cannot write: {0}")]
    Broken(String),
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
}

/// Where objects are kept. Implementations are held to one conformance suite.
pub trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// The newest durable state; costs a few pointers.
    fn snapshot(&self) -> Snapshot;

    /// The state right after `revision`.
    fn snapshot_at(&self, revision: Revision) -> Result<Snapshot, RevisionError>;

    /// Decides against the newest state and writes what was decided, all or nothing, under one new revision.
    ///
    /// `decide` runs while no other transaction does, so it must be short; with several servers on one store it may
    /// run again. What it finds out it keeps in captured variables. No writes, no revision.
    fn transact(
        &self,
        decide: &mut dyn FnMut(&Snapshot) -> Vec<Write>,
    ) -> Result<Receipt, StoreError>;

    /// Forgets the states before `revision`, though they could still be had. Watches may begin there all the same.
    fn compact(&self, revision: Revision);

    /// Every change after `revision` under keys that start with `prefix`, in order.
    fn watch(&self, prefix: &str, revision: Revision) -> Result<Watcher, RevisionError>;
}

#[cfg(test)]
mod tests;
