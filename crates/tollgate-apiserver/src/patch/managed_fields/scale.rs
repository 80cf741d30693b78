//! Managed fields of the subresource `scale`, which are those of the number of replicas in the resource itself.

use super::entries::{self, Entries, Entry};
use crate::patch::field_set::{Path, PathElement, Set};
use tollgate_api::Value;

/// The version of the subresource.
const SCALE_VERSION: &str = "autoscaling/v1";

fn replicas_of_scale() -> Path {
    vec![PathElement::field("spec"), PathElement::field("replicas")]
}

/// The managed fields of the scale of `parent`, put into `scale`.
///
/// `replicas` says where a version of the parent has its number of replicas; none for a version that is not known.
pub fn scale_from_parent(
    parent: &Value,
    scale: &mut Value,
    replicas: &dyn Fn(&str) -> Option<Path>,
) {
    let mut found = Entries::new();
    for entry in entries::read(parent).unwrap_or_default().into_values() {
        if replicas(&entry.api_version).is_some_and(|path| entry.fields.has(&path)) {
            let entry = Entry {
                api_version: SCALE_VERSION.into(),
                fields: Set::of([replicas_of_scale().as_slice()]),
                ..entry
            };
            // As upstream, by the name the entry has in the parent.
            found.insert(entry.id(), entry);
        }
    }
    entries::write(scale, found);
}

/// Brings the managed fields of `parent` in step with those of its `scale` after a write of the scale.
///
/// `api_version` is the parent's version of now.
pub fn scale_to_parent(
    parent: &mut Value,
    scale: &Value,
    api_version: &str,
    replicas: &dyn Fn(&str) -> Option<Path>,
) {
    let scales = entries::read(scale).unwrap_or_default();
    let mut scales: Vec<Entry> = scales.into_values().collect();
    let is_same = |entry: &Entry, scale: &Entry| {
        (&entry.manager, entry.operation, &entry.subresource)
            == (&scale.manager, scale.operation, &scale.subresource)
    };
    let mut kept = Entries::new();
    let before = entries::read(parent).unwrap_or_default();
    for (id, mut entry) in before.clone() {
        let Some(path) = replicas(&entry.api_version) else {
            continue;
        };
        if entry.fields.has(&path) {
            match scales.iter().position(|scale| is_same(&entry, scale)) {
                Some(place) => {
                    scales.remove(place);
                }
                None => entry.fields = entry.fields.difference(&Set::of([path.as_slice()])),
            }
        }
        if !entry.fields.is_empty() {
            kept.insert(id, entry);
        }
    }
    let path = replicas(api_version);
    for scale in scales {
        let Some(path) = path
            .as_deref()
            .filter(|_| scale.fields.has(&replicas_of_scale()))
        else {
            continue;
        };
        let mut entry = Entry {
            api_version: api_version.into(),
            fields: Set::of([path]),
            ..scale
        };
        let id = entry.id();
        // Whoever is new has no time, as with upstream.
        entry.time = before.get(&id).and_then(|before| before.time.clone());
        kept.insert(id, entry);
    }
    entries::write(parent, kept);
}
