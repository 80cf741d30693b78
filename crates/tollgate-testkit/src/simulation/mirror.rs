//! What the store holds, as its watch alone tells it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use tollgate_api::{Value, json};
use tollgate_apiserver::storage::{Event, Key, Record, Store, Watcher};

/// Resources of which only the bytes are compared: there are many changes of them, and no law speaks of them.
const UNREAD: [&str; 2] = ["events", "leases"];

/// An object, read once for all laws.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// As it is stored.
    pub(crate) record: Arc<Record>,
    /// As a tree; null for what no law speaks of.
    pub(crate) object: Arc<Value>,
}

/// What became of one object.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// Where it is.
    pub(crate) key: Key,
    /// As it was.
    pub(crate) old: Option<Arc<Value>>,
    /// As it is.
    pub(crate) new: Option<Arc<Value>>,
}

impl Change {
    /// Whether it is about that resource.
    pub(crate) fn is_of(&self, group: &str, resource: &str) -> bool {
        self.key.group() == group && self.key.resource() == resource
    }

    /// The old and the new object if it is the same one.
    pub(crate) fn both(&self) -> Option<(&Value, &Value)> {
        let (old, new) = (self.old.as_deref()?, self.new.as_deref()?);
        (uid(old) == uid(new)).then_some((old, new))
    }

    /// The object, if there was none of that name or another one.
    pub(crate) fn created(&self) -> Option<&Value> {
        let new = self.new.as_deref()?;
        let old = self.old.as_deref().map(uid);
        (old != Some(uid(new))).then_some(new)
    }
}

/// All objects.
#[derive(Debug)]
pub(crate) struct Mirror {
    watcher: Watcher,
    ahead: Option<Arc<Event>>,
    /// By where they are.
    pub(crate) objects: BTreeMap<Key, Seen>,
    /// As of when.
    pub(crate) revision: u64,
}

fn read(key: &Key, record: &Record) -> Arc<Value> {
    if UNREAD.contains(&key.resource()) {
        return Arc::new(Value::Null);
    }
    Arc::new(json::from_slice(&record.value).expect("what is stored is JSON"))
}

impl Mirror {
    /// Begins with what is there.
    pub(crate) fn new(store: &dyn Store) -> Self {
        let head = store.snapshot();
        let seen = head.range("").map(|(key, record)| {
            let object = read(key, record);
            let record = Arc::clone(record);
            (key.clone(), Seen { record, object })
        });
        Self {
            objects: seen.collect(),
            revision: head.revision(),
            watcher: store
                .watch("", head.revision())
                .expect("the newest state can be watched from"),
            ahead: None,
        }
    }

    fn next(&mut self) -> Option<Arc<Event>> {
        self.ahead.take().or_else(|| self.watcher.try_next())
    }

    /// Takes in the next transaction; nothing if there is none.
    pub(crate) fn follow(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(event) = self.next() {
            if !changes.is_empty() && event.revision != self.revision {
                self.ahead = Some(event);
                break;
            }
            assert!(
                event.revision > self.revision || !changes.is_empty(),
                "a watch went back"
            );
            self.revision = event.revision;
            changes.push(self.apply(&event));
        }
        assert!(self.watcher.end().is_none(), "the watch has ended");
        changes
    }

    fn apply(&mut self, event: &Event) -> Change {
        let old = match &event.current {
            Some(record) => {
                let object = read(&event.key, record);
                let record = Arc::clone(record);
                self.objects
                    .insert(event.key.clone(), Seen { record, object })
            }
            None => self.objects.remove(&event.key),
        };
        let told = event.previous.as_ref().map(|record| record.revision);
        let known = old.as_ref().map(|seen| seen.record.revision);
        assert_eq!(
            told, known,
            "a watch tells of another past of {}",
            event.key
        );
        Change {
            key: event.key.clone(),
            old: old.map(|seen| seen.object),
            new: self
                .objects
                .get(&event.key)
                .filter(|_| event.current.is_some())
                .map(|seen| Arc::clone(&seen.object)),
        }
    }

    /// The objects of a resource in a namespace, or in all.
    pub(crate) fn of<'m>(
        &'m self,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = (&'m Key, &'m Value)> + use<'m> {
        let prefix = Key::prefix(group, resource, namespace);
        self.objects
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .take_while(move |(key, _)| key.as_str().starts_with(&prefix))
            .map(|(key, seen)| (key, &*seen.object))
    }

    /// An object.
    pub(crate) fn get(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&Value> {
        let key = Key::new(group, resource, namespace, name);
        self.objects.get(&key).map(|seen| &*seen.object)
    }
}

/// A text of an object's metadata.
pub(crate) fn meta<'v>(object: &'v Value, field: &str) -> &'v str {
    object
        .get("metadata")
        .map_or("", |metadata| metadata.str_or_empty(field))
}

/// The unique id.
pub(crate) fn uid(object: &Value) -> &str {
    meta(object, "uid")
}

/// Whether it is on its way out.
pub(crate) fn is_dying(object: &Value) -> bool {
    object.at(&["metadata", "deletionTimestamp"]).is_some()
}

/// The phase of a pod.
pub(crate) fn phase(pod: &Value) -> &str {
    pod.get("status")
        .map_or("", |status| status.str_or_empty("phase"))
}

/// Whether a pod has ended.
pub(crate) fn is_terminal(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// The reference to the controller of an object.
pub(crate) fn controller(object: &Value) -> Option<&Value> {
    let owners = object.get("metadata")?.items("ownerReferences");
    owners
        .iter()
        .find(|owner| owner.bool("controller") == Some(true))
}

/// The condition of that type.
pub(crate) fn condition<'v>(object: &'v Value, condition_type: &str) -> Option<&'v Value> {
    let mut conditions = object.get("status")?.items("conditions").iter();
    conditions.find(|condition| condition.str("type") == Some(condition_type))
}

/// Whether the condition of that type is true.
pub(crate) fn is_true(object: &Value, condition_type: &str) -> bool {
    condition(object, condition_type).is_some_and(|found| found.str("status") == Some("True"))
}
