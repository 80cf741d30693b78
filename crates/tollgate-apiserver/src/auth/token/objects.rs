//! The stored objects to which tokens are bound.

use crate::storage::{Key, Snapshot};
use tollgate_api::{Value, json};

/// Looks up objects of the core group.
pub trait Objects {
    /// The object of `resource` (`serviceaccounts`, `pods`, `secrets`, `nodes`); `namespace` is empty for nodes.
    fn find(&self, resource: &str, namespace: &str, name: &str) -> Option<Value>;
}

/// A record that cannot be read is not found.
impl Objects for Snapshot {
    fn find(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        // A slash would reach into another namespace.
        if namespace.contains('/') || name.contains('/') {
            return None;
        }
        let key = Key::new("", resource, namespace, name);
        let record = self.get(key.as_str())?;
        json::from_slice(&record.value).ok()
    }
}
