//! The store that keeps nothing: the reference for all others.

use super::hub::Hub;
use super::{
    Receipt, Revision, RevisionError, Snapshot, Store, StoreError, Watcher, Window, Write,
};
use std::sync::{Arc, Mutex, PoisonError};

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore {
    newest: Mutex<Snapshot>,
    hub: Arc<Hub>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Window::default())
    }
}

impl MemoryStore {
    /// An empty store that keeps so much of the past.
    pub fn new(window: Window) -> Self {
        Self {
            newest: Mutex::default(),
            hub: Arc::new(Hub::new(Snapshot::default(), window)),
        }
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        self.hub.close();
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Snapshot {
        self.hub.snapshot()
    }

    fn snapshot_at(&self, revision: Revision) -> Result<Snapshot, RevisionError> {
        self.hub.snapshot_at(revision)
    }

    fn transact(
        &self,
        decide: &mut dyn FnMut(&Snapshot) -> Vec<Write>,
    ) -> Result<Receipt, StoreError> {
        // A panic in a decision leaves the state as it was.
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let writes = decide(&newest);
        let events = newest.apply(writes);
        if !events.is_empty() {
            self.hub.publish(newest.clone(), &events);
        }
        Ok(Receipt::done(newest.revision))
    }

    fn compact(&self, revision: Revision) {
        self.hub.compact(revision);
    }

    fn watch(&self, prefix: &str, revision: Revision) -> Result<Watcher, RevisionError> {
        self.hub.watch(prefix, revision)
    }
}
