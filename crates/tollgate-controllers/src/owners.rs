//! Who is concerned when something changes that has an owner, or that somebody may adopt.

use crate::controller::{Change, Enqueue, Key};
use crate::driver::{Cache, Cached, Owner};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tollgate_api::client::GroupVersionResource;
use tollgate_api::value::CompactString;
use tollgate_api::{Value, label_selector};

/// The owners of one kind, and their selectors: so an orphan finds who may adopt it without reading every owner.
#[derive(Debug)]
pub struct Owners {
    resource: &'static GroupVersionResource,
    kind: &'static str,
    selector: fn(&Value) -> Value,
    known: Mutex<BTreeMap<CompactString, BTreeMap<CompactString, Known>>>,
}

#[derive(Debug)]
struct Known {
    uid: CompactString,
    generation: i64,
    selector: Value,
}

impl Owners {
    /// Owners of a kind; `selector` reads one's label selector, or null.
    pub const fn new(
        resource: &'static GroupVersionResource,
        kind: &'static str,
        selector: fn(&Value) -> Value,
    ) -> Self {
        Self {
            resource,
            kind,
            selector,
            known: Mutex::new(BTreeMap::new()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<CompactString, BTreeMap<CompactString, Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An owner has changed: it is looked at itself.
    pub fn owner_changed(&self, change: &Change<'_>, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        queue.add(Key::of(object));
        let meta = &object.meta;
        let mut known = self.lock();
        if change.new.is_none() {
            if let Some(names) = known.get_mut(&meta.namespace) {
                names.remove(&meta.name);
                if names.is_empty() {
                    known.remove(&meta.namespace);
                }
            }
            return;
        }
        let names = known.entry(meta.namespace.clone()).or_default();
        let is_known = names
            .get(&meta.name)
            .is_some_and(|known| known.uid == meta.uid && known.generation == meta.generation);
        if !is_known && let Ok(tree) = object.object() {
            let entry = Known {
                uid: meta.uid.clone(),
                generation: meta.generation,
                selector: (self.selector)(&tree),
            };
            names.insert(meta.name.clone(), entry);
        }
    }

    /// A dependent has changed: its owner is looked at, the one that it had, and those who may adopt it.
    pub fn dependent_changed(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        let controller = |object: &Cached| object.meta.controller().cloned();
        let before = change.old.and_then(|old| controller(old));
        let Some(new) = change.new else {
            if let (Some(old), Some(owner)) = (change.old, &before) {
                self.add_owner(old, owner, cache, queue);
            }
            return;
        };
        let after = controller(new);
        let moved =
            before.as_ref().map(|owner| &owner.uid) != after.as_ref().map(|owner| &owner.uid);
        if moved && let Some(owner) = &before {
            self.add_owner(new, owner, cache, queue);
        }
        if let Some(owner) = &after {
            self.add_owner(new, owner, cache, queue);
            return;
        }
        let is_changed = change
            .old
            .is_none_or(|old| old.meta.labels != new.meta.labels);
        if new.meta.deleted.is_none() && (moved || is_changed) {
            for key in self.selecting(new) {
                queue.add(key);
            }
        }
    }

    /// The key of the controller of a dependent, if it is one of these owners and still there.
    pub fn key_of(&self, dependent: &Cached, cache: &Cache) -> Option<Key> {
        self.find(dependent, dependent.meta.controller()?, cache)
    }

    fn find(&self, dependent: &Cached, owner: &Owner, cache: &Cache) -> Option<Key> {
        if owner.kind != self.kind {
            return None;
        }
        let namespace = &dependent.meta.namespace;
        let found = cache.get(self.resource, namespace, &owner.name)?;
        (found.meta.uid == owner.uid).then(|| Key::of(&found))
    }

    fn add_owner(&self, dependent: &Cached, owner: &Owner, cache: &Cache, queue: &mut dyn Enqueue) {
        if let Some(key) = self.find(dependent, owner, cache) {
            queue.add(key);
        }
    }

    /// The owners whose selectors select an object.
    fn selecting(&self, object: &Cached) -> Vec<Key> {
        let known = self.lock();
        let names = known.get(&object.meta.namespace).into_iter().flatten();
        names
            .filter(|(_, known)| {
                !known.selector.is_null()
                    && label_selector::matches(&known.selector, &object.meta.labels)
            })
            .map(|(name, _)| Key::new(&object.meta.namespace, name))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{PODS, REPLICA_SETS};
    use std::sync::Arc;
    use std::time::Duration;
    use tollgate_api::client::Stored;

    #[derive(Default)]
    struct Added(Vec<String>);

    impl Enqueue for Added {
        fn add(&mut self, key: Key) {
            self.0.push(key.name.to_string());
        }

        fn add_after(&mut self, _: Key, _: Duration) {}
    }

    fn stored(json: &str) -> Stored {
        Stored {
            json: json.as_bytes().to_vec().into(),
            revision: 1,
        }
    }

    fn cached(json: &str) -> Arc<Cached> {
        Arc::new(Cached::new(&stored(json), false).unwrap())
    }

    fn owner(name: &str, label: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n","uid":"{name}"}},"spec":{{"selector":{{"matchLabels":{{"app":"{label}"}}}}}}}}"#
        )
    }

    fn pod(label: &str, owner: &str) -> Arc<Cached> {
        let owners = match owner {
            "" => String::new(),
            owner => format!(
                r#","ownerReferences":[{{"kind":"ReplicaSet","name":"{owner}","uid":"{owner}","controller":true}}]"#
            ),
        };
        cached(&format!(
            r#"{{"metadata":{{"name":"p","namespace":"n","uid":"p","labels":{{"app":"{label}"}}{owners}}}}}"#
        ))
    }

    #[test]
    fn a_dependent_concerns_its_owners_and_an_orphan_those_who_select_it() {
        let selector = |object: &Value| {
            object
                .at(&["spec", "selector"])
                .cloned()
                .unwrap_or_default()
        };
        let owners = Owners::new(&REPLICA_SETS, "ReplicaSet", selector);
        let cache = Cache::default();
        cache.keep(
            &REPLICA_SETS,
            &[stored(&owner("a", "x")), stored(&owner("b", "y"))],
        );
        for text in [owner("a", "x"), owner("b", "y")] {
            let object = cached(&text);
            let change = Change {
                resource: &REPLICA_SETS,
                old: None,
                new: Some(&object),
            };
            owners.owner_changed(&change, &mut Added::default());
        }
        let concerned = |old: Option<Arc<Cached>>, new: Option<Arc<Cached>>| {
            let change = Change {
                resource: &PODS,
                old: old.as_ref(),
                new: new.as_ref(),
            };
            let mut added = Added::default();
            owners.dependent_changed(&change, &cache, &mut added);
            added.0.join(" ")
        };
        assert_eq!(concerned(None, Some(pod("z", "a"))), "a");
        assert_eq!(concerned(Some(pod("z", "a")), Some(pod("z", "b"))), "a b");
        assert_eq!(concerned(Some(pod("y", "a")), Some(pod("y", ""))), "a b");
        assert_eq!(concerned(None, Some(pod("x", ""))), "a");
        assert_eq!(concerned(Some(pod("x", "")), Some(pod("x", ""))), "");
        assert_eq!(concerned(Some(pod("x", "")), Some(pod("y", ""))), "b");
        assert_eq!(concerned(Some(pod("x", "a")), None), "a");
        assert_eq!(concerned(Some(pod("x", "")), None), "");
        assert_eq!(concerned(None, Some(pod("x", "gone"))), "");
    }
}
