//! `get` and `list` of what pods and nodes use: readings of the pods and nodes that are there.
//!
//! As with a metrics server, there are no revisions and no pages: a reading is always of now, and of everything.

use super::answer::{Answer, Listing};
use super::call::Call;
use super::list::Selection;
use super::options::ListOptions;
use super::record::{self, Encoded};
use crate::error;
use crate::resources::{Measured, Origin, Resource};
use crate::storage::{Key, Record, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::{GroupResource, Status};

/// Where a pod says on which node it is.
const NODE_NAME: [&str; 2] = ["spec", "nodeName"];

/// Who measures what the call is about; none if it is about objects that are stored.
pub(super) fn of<'c>(call: &Call<'c>) -> Option<&'c Measured> {
    match &call.resource.origin {
        Origin::Measured(measured) => Some(measured),
        _ => None,
    }
}

/// What one pod or node uses.
pub(super) fn get(call: &Call<'_>, measured: &Measured) -> Result<Answer, Status> {
    let snapshot = call.api.store.snapshot();
    let stored = &call.resource.storage;
    let record = snapshot
        .get(call.key(call.name).as_str())
        .ok_or_else(|| error::not_found(stored, call.name))?;
    let key = call.key(call.name);
    if !is_measured(call, measured, &key, record)? {
        return Err(unmeasured(call));
    }
    let resource = reading(call, measured, &snapshot, Some(call.name));
    let object = Encoded {
        value: record.value.clone(),
        revision: 0,
    };
    Ok(Answer::object(200, &resource, object))
}

/// What the selected pods or nodes use, as far as it is measured.
pub(super) fn list(
    call: &Call<'_>,
    options: &ListOptions,
    measured: &Measured,
) -> Result<Answer, Status> {
    let snapshot = call.api.store.snapshot();
    let selection = Selection::new(options);
    let mut items = Vec::new();
    for (key, record) in snapshot.range(&call.prefix()) {
        if selection.matches(key, record)? && is_measured(call, measured, key, record)? {
            items.push((key.clone(), Arc::clone(record)));
        }
    }
    let only = match items.as_slice() {
        [(key, _)] => Some(key.name()),
        _ => None,
    };
    Ok(Answer::List(Listing {
        resource: reading(call, measured, &snapshot, only),
        items,
        revision: 0,
        continue_token: String::new(),
        remaining: None,
    }))
}

/// Whether there is something to say of a pod or node.
fn is_measured(
    call: &Call<'_>,
    measured: &Measured,
    key: &Key,
    record: &Record,
) -> Result<bool, Status> {
    let source = measured.source();
    if !call.resource.namespaced {
        return Ok(source.measures(key.name()));
    }
    let node = record::text(&record.value, &NODE_NAME).unwrap_or_default();
    if node.is_empty() || !source.measures(node) {
        return Ok(false);
    }
    let pod = record::parse(&record.value, record.revision)?;
    Ok(source.pod(&pod, call.now).is_some())
}

/// 404, as metrics servers name what they have not measured.
fn unmeasured(call: &Call<'_>) -> Status {
    let (resource, name) = if call.resource.namespaced {
        ("podmetrics", format!("{}/{}", call.namespace, call.name))
    } else {
        ("nodemetrics", call.name.to_owned())
    };
    error::not_found(&GroupResource::new(call.resource.group(), resource), &name)
}

/// The resource as it is read now: with the pods of all nodes, or of one.
fn reading(
    call: &Call<'_>,
    measured: &Measured,
    snapshot: &Snapshot,
    only: Option<&str>,
) -> Arc<Resource> {
    let mut pods: BTreeMap<String, Vec<Arc<Record>>> = BTreeMap::new();
    if !call.resource.namespaced {
        for (_, record) in snapshot.range(&Key::prefix("", "pods", None)) {
            let node = record::text(&record.value, &NODE_NAME).unwrap_or_default();
            if !node.is_empty() && only.is_none_or(|only| only == node) {
                let on_node = pods.entry(node.to_owned()).or_default();
                on_node.push(Arc::clone(record));
            }
        }
    }
    Arc::new(Resource {
        origin: Origin::Measured(measured.at(call.now, pods)),
        ..Resource::clone(call.resource)
    })
}
