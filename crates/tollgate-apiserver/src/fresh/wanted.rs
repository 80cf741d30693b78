//! Objects that must be there, and how the server writes them: past the door, because nobody asked for them.

use crate::environment::Environment;
use crate::resources::{Catalog, Resource};
use crate::storage::{Key, Snapshot, Write};
use crate::verbs::record;
use std::sync::Arc;
use tollgate_api::{Status, Value, json};
use tollgate_objects::defaults;

/// An object that must be there.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) plural: &'static str,
    pub(super) object: Value,
    /// The fields that are the server's alone: they are set right if something else stands there.
    pub(super) owned: &'static [&'static [&'static str]],
}

impl Wanted {
    /// One that is written as JSON.
    pub(super) fn read(
        resource: (&'static str, &'static str, &'static str),
        text: &str,
    ) -> Result<Self, Status> {
        let object = json::from_str(text).map_err(Status::internal)?;
        Ok(Self::new(resource, object))
    }

    /// One of which nothing is changed once it is there.
    pub(super) fn new(
        (group, version, plural): (&'static str, &'static str, &'static str),
        object: Value,
    ) -> Self {
        Self {
            group,
            version,
            plural,
            object,
            owned: &[],
        }
    }

    /// The same, with fields that nobody else may set.
    pub(super) fn owning(self, owned: &'static [&'static [&'static str]]) -> Self {
        Self { owned, ..self }
    }
}

/// Writes objects of the server's own.
pub(super) struct Writer<'w> {
    pub(super) environment: &'w dyn Environment,
    pub(super) catalog: &'w Catalog,
    pub(super) now: String,
}

impl<'w> Writer<'w> {
    /// One that writes now.
    pub(super) fn new(environment: &'w dyn Environment, catalog: &'w Catalog) -> Self {
        Self {
            environment,
            catalog,
            now: environment.now().to_string(),
        }
    }

    /// What must be written so that an object is as it must be; none if it is.
    pub(super) fn settle(&self, head: &Snapshot, wanted: &Wanted) -> Option<Write> {
        let resource = self
            .catalog
            .resource(wanted.group, wanted.version, wanted.plural)?;
        let mut object = wanted.object.clone();
        defaults::set_defaults(&resource.kind, &mut object);
        let metadata = object.get("metadata")?;
        let key = Key::new(
            &resource.storage.group,
            &resource.storage.resource,
            metadata.str_or_empty("namespace"),
            metadata.str_or_empty("name"),
        );
        let Some(found) = head.get(key.as_str()) else {
            return Some(self.create(resource, key, object));
        };
        if wanted.owned.is_empty() {
            return None;
        }
        let mut found = record::parse(&found.value, 0).ok()?;
        let mut is_changed = false;
        for path in wanted.owned {
            is_changed |= take_over(&mut found, &object, path);
        }
        is_changed.then(|| update(resource, key, found))
    }

    /// Writes an object that is not there.
    pub(super) fn create(&self, resource: &Arc<Resource>, key: Key, mut object: Value) -> Write {
        object.set("kind", resource.kind.kind.clone());
        object.set("apiVersion", resource.kind.api_version());
        // What no object is behind has no identity either.
        if resource.plural() != "componentstatuses" {
            let metadata = object.child_mut("metadata");
            metadata.set("uid", self.environment.uid());
            metadata.set("creationTimestamp", self.now.as_str());
        }
        let value = record::encode(&resource.storage_kind, &object);
        Write::Put { key, value }
    }
}

/// Writes a change of an object: it is of the next generation if it counts them.
pub(super) fn update(resource: &Arc<Resource>, key: Key, mut object: Value) -> Write {
    let generation = object.at(&["metadata", "generation"]);
    if let Some(generation) = generation.and_then(Value::as_i64) {
        let next = generation.saturating_add(1);
        object.child_mut("metadata").set("generation", next);
    }
    put(resource, key, &object)
}

/// Writes a change that is none of what somebody wanted: of a status.
pub(super) fn put(resource: &Arc<Resource>, key: Key, object: &Value) -> Write {
    let value = record::encode(&resource.storage_kind, object);
    Write::Put { key, value }
}

/// Sets the field at a path to what it must be; whether that was a change.
fn take_over(found: &mut Value, wanted: &Value, path: &[&'static str]) -> bool {
    let value = wanted.at(path);
    if found.at(path) == value {
        return false;
    }
    let Some((last, above)) = path.split_last() else {
        return false;
    };
    let mut place = found;
    for key in above {
        place = place.child_mut(key);
    }
    match value {
        Some(value) => place.set(*last, value.clone()),
        None => {
            place.remove(last);
        }
    }
    true
}
