//! All roles and bindings in memory, kept in step with the store one change at a time.

use crate::storage::{Event, Key, RevisionError, Snapshot, Store, WatchEnd, Watcher};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tollgate_api::{Value, json};
use tollgate_policy::rbac::{Rbac, RbacKind};

/// The roles and bindings of the store. Requests are judged by [`Self::current`], which never changes once taken.
///
/// The lock is held as long as it takes to copy or to put a pointer.
#[derive(Debug, Default)]
pub struct RbacIndex {
    current: RwLock<Arc<Rbac>>,
    followed: Mutex<Option<Followed>>,
}

#[derive(Debug)]
struct Followed {
    store: Arc<dyn Store>,
    watcher: Watcher,
}

impl RbacIndex {
    /// The index of a store: every look at it knows all changes that were acknowledged before, so that what was taken
    /// from somebody is gone when whoever took it hears so.
    pub fn following(store: Arc<dyn Store>) -> Result<Self, RevisionError> {
        let snapshot = store.snapshot();
        let watcher = store.watch(&Self::watched_prefix(), snapshot.revision())?;
        let mut index = Self::from_snapshot(&snapshot);
        index.followed = Mutex::new(Some(Followed { store, watcher }));
        Ok(index)
    }

    fn catch_up(&self) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Followed { store, watcher }) = followed.as_mut() else {
            return;
        };
        while let Some(event) = watcher.try_next() {
            self.apply(&event);
        }
        // Nobody looked for longer than the store remembers.
        if watcher.end() == Some(WatchEnd::TooSlow) {
            let snapshot = store.snapshot();
            if let Ok(new) = store.watch(&Self::watched_prefix(), snapshot.revision()) {
                self.rebuild(&snapshot);
                *watcher = new;
            }
        }
    }

    /// The index of all roles and bindings in `snapshot`; follow it with every [`Self::apply`] of later events.
    pub fn from_snapshot(snapshot: &Snapshot) -> Self {
        let index = Self::default();
        index.rebuild(snapshot);
        index
    }

    /// Reads everything anew: for whoever followed the store and has lost its events.
    pub fn rebuild(&self, snapshot: &Snapshot) {
        let mut rbac = Rbac::default();
        for kind in RbacKind::ALL {
            let prefix = Key::prefix(RbacKind::GROUP, kind.resource(), None);
            for (key, record) in snapshot.range(&prefix) {
                put(&mut rbac, kind, key, &record.value);
            }
        }
        self.set(rbac);
    }

    fn set(&self, rbac: Rbac) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(rbac);
    }

    /// The prefix of all keys whose events matter: watch it from the revision of the snapshot.
    pub fn watched_prefix() -> String {
        format!("{}/", RbacKind::GROUP)
    }

    /// The roles and bindings as they are now.
    pub fn current(&self) -> Arc<Rbac> {
        self.catch_up();
        self.known()
    }

    fn known(&self) -> Arc<Rbac> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Takes in one change; changes of other resources are left out. Whether anything of RBAC changed.
    ///
    /// One thread at a time: changes must be applied in the order of the store.
    pub fn apply(&self, event: &Event) -> bool {
        let key = &event.key;
        if key.group() != RbacKind::GROUP {
            return false;
        }
        let Some(kind) = RbacKind::of_resource(key.resource()) else {
            return false;
        };
        // Cheap: the maps are shared with the copy that requests are using.
        let mut next = Rbac::clone(&self.known());
        match &event.current {
            Some(record) => put(&mut next, kind, key, &record.value),
            None => next.remove(kind, key.namespace(), key.name()),
        }
        self.set(next);
        true
    }
}

/// A record that cannot be read grants nothing.
fn put(rbac: &mut Rbac, kind: RbacKind, key: &Key, record: &[u8]) {
    let object = json::from_slice(record).unwrap_or(Value::Null);
    rbac.put(kind, key.namespace(), key.name(), &object);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{MemoryStore, Store, Write};
    use tollgate_api::UserInfo;
    use tollgate_policy::rbac::{Access, ResourceAccess};

    const ROLE: &str = r#"{"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]}"#;
    const BINDING: &str =
        r#"{"subjects":[{"kind":"User","name":"sam"}],"roleRef":{"kind":"Role","name":"r"}}"#;

    fn write(store: &MemoryStore, resource: &str, name: &str, value: Option<&'static str>) {
        let key = Key::new(RbacKind::GROUP, resource, "ns", name);
        let write = match value {
            Some(value) => Write::Put {
                key,
                value: value.as_bytes().into(),
            },
            None => Write::Delete { key },
        };
        store.transact(&mut |_| vec![write.clone()]).unwrap();
    }

    #[test]
    fn what_was_acknowledged_counts_in_the_next_look() {
        let store = Arc::new(MemoryStore::default());
        let index = RbacIndex::following(Arc::clone(&store) as Arc<dyn Store>).unwrap();
        write(&store, "roles", "r", Some(ROLE));
        write(&store, "rolebindings", "b", Some(BINDING));
        assert!(may_get(&index));
        write(&store, "rolebindings", "b", None);
        assert!(!may_get(&index));
    }

    fn may_get(index: &RbacIndex) -> bool {
        let sam = UserInfo {
            name: "sam".into(),
            ..UserInfo::default()
        };
        let access = ResourceAccess {
            verb: "get",
            resource: "pods",
            namespace: "ns",
            ..ResourceAccess::default()
        };
        index.current().allows(&sam, &Access::Resource(access))
    }

    #[tokio::test]
    async fn the_index_follows_the_store_and_equals_one_that_is_read_anew() {
        let store = MemoryStore::default();
        write(&store, "roles", "r", Some(ROLE));
        let index = RbacIndex::from_snapshot(&store.snapshot());
        let revision = store.snapshot().revision();
        let mut watcher = store.watch(&RbacIndex::watched_prefix(), revision).unwrap();
        assert!(!may_get(&index));
        let steps = [
            ("rolebindings", "b", Some(BINDING), true),
            ("roles", "r", Some("not JSON"), false),
            ("roles", "r", Some(ROLE), true),
            ("rolebindings", "b", None, false),
            ("rolebindings", "b", Some(BINDING), true),
            ("roles", "r", None, false),
        ];
        for (resource, name, value, allowed) in steps {
            let held = index.current();
            write(&store, resource, name, value);
            assert!(index.apply(&watcher.next().await.unwrap()));
            assert_eq!(may_get(&index), allowed, "{resource} {value:?}");
            assert!(!Arc::ptr_eq(&held, &index.current()));
            let anew = RbacIndex::from_snapshot(&store.snapshot());
            assert_eq!(index.current(), anew.current());
        }
    }

    #[test]
    fn what_is_no_part_of_rbac_is_left_out() {
        let index = RbacIndex::default();
        for key in ["/pods/ns/p", "rbac.authorization.k8s.io/other/ns/p", "x"] {
            let event = Event::new(1, Key::from_text(key), None, None);
            assert!(!index.apply(&event));
        }
    }
}
