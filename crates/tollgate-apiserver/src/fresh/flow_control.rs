//! Priority levels and flow schemas: those that every cluster has, and whether each schema's level is there.

use super::flow_schemas::FLOW_SCHEMAS;
use super::wanted::{Wanted, Writer, put};
use crate::flow_control::{GROUP, LEVELS, SCHEMAS};
use crate::storage::{Key, Snapshot, Write};
use crate::verbs::record;
use std::collections::BTreeSet;
use tollgate_api::{Status, Value, json};

/// Says whether the server sets the spec right.
const AUTO_UPDATE: &str = "apf.kubernetes.io/autoupdate-spec";
/// What a cluster cannot be without.
const MANDATORY: [&str; 2] = ["catch-all", "exempt"];

/// A level with queues: name, shares, percentage that it lends, queues, and how many of them a flow has.
const QUEUED: [(&str, i64, i64, i64, i64); 6] = [
    ("global-default", 20, 50, 128, 6),
    ("leader-election", 10, 0, 16, 4),
    ("node-high", 40, 25, 64, 6),
    ("system", 30, 33, 64, 6),
    ("workload-high", 40, 50, 128, 6),
    ("workload-low", 100, 90, 128, 6),
];
const QUEUE_LENGTH_MAX: i64 = 50;

/// The levels that are not queued, as specs.
const UNQUEUED: [(&str, &str); 2] = [
    (
        "catch-all",
        r#"{"type":"Limited","limited":{"nominalConcurrencyShares":5,"limitResponse":{"type":"Reject"},"lendablePercent":0}}"#,
    ),
    (
        "exempt",
        r#"{"type":"Exempt","exempt":{"nominalConcurrencyShares":0,"lendablePercent":0}}"#,
    ),
];

/// An object of that name, which the server sets right.
pub(super) fn named(name: &str) -> Value {
    let mut object = Value::object();
    let metadata = object.child_mut("metadata");
    metadata.set("name", name);
    metadata.set("generation", 1_i64);
    metadata.child_mut("annotations").set(AUTO_UPDATE, "true");
    object
}

fn queued(shares: i64, lent: i64, queues: i64, hand: i64) -> Value {
    let mut spec = Value::object();
    spec.set("type", "Limited");
    let limited = spec.child_mut("limited");
    limited.set("nominalConcurrencyShares", shares);
    let response = limited.child_mut("limitResponse");
    response.set("type", "Queue");
    let queuing = response.child_mut("queuing");
    queuing.set("queues", queues);
    queuing.set("handSize", hand);
    queuing.set("queueLengthLimit", QUEUE_LENGTH_MAX);
    limited.set("lendablePercent", lent);
    spec
}

/// Whether the level of a schema is missing, as a condition.
pub(super) fn dangling(level: &str, is_missing: bool, now: &str) -> Value {
    let start = format!(
        "This FlowSchema references the PriorityLevelConfiguration object named \"{level}\""
    );
    let (status, reason, message) = if is_missing {
        (
            "True",
            "NotFound",
            format!("{start} but there is no such object"),
        )
    } else {
        ("False", "Found", format!("{start} and it exists"))
    };
    let mut condition = Value::object();
    condition.set("type", "Dangling");
    condition.set("status", status);
    condition.set("lastTransitionTime", now);
    condition.set("reason", reason);
    condition.set("message", message);
    condition
}

/// All of them.
pub(super) fn objects(now: &str) -> Result<Vec<Wanted>, Status> {
    let mut levels = Vec::new();
    for (name, spec) in UNQUEUED {
        levels.push((name, json::from_str(spec).map_err(Status::internal)?));
    }
    for (name, shares, lent, queues, hand) in QUEUED {
        levels.push((name, queued(shares, lent, queues, hand)));
    }
    let levels = levels.into_iter().map(|(name, spec)| {
        let mut object = named(name);
        object.set("spec", spec);
        (LEVELS, object)
    });
    let schemas = FLOW_SCHEMAS.iter();
    let schemas = schemas.map(|schema| (SCHEMAS, schema.object(now)));
    let all = levels.chain(schemas);
    let wanted = all.map(|(plural, object)| Wanted::new((GROUP, "v1", plural), object));
    Ok(wanted.map(|wanted| wanted.owning(&[&["spec"]])).collect())
}

/// Whether the server may set an object right: always if no cluster can be without it, else unless somebody says no.
fn may_set_right(wanted: &Wanted, head: &Snapshot) -> bool {
    let name = wanted.object.at(&["metadata", "name"]);
    let name = name.and_then(Value::as_str).unwrap_or_default();
    let key = Key::new(GROUP, wanted.plural, "", name);
    let Some(found) = head
        .get(key.as_str())
        .and_then(|found| record::parse(&found.value, 0).ok())
    else {
        return true;
    };
    let says = found.at(&["metadata", "annotations", AUTO_UPDATE]);
    match says.and_then(Value::as_str) {
        _ if MANDATORY.contains(&name) => true,
        Some(says) => says == "true",
        None => {
            found
                .at(&["metadata", "generation"])
                .and_then(Value::as_i64)
                == Some(1)
        }
    }
}

/// What must be written of what every cluster has.
pub(super) fn settle(writer: &Writer<'_>, head: &Snapshot, wanted: &[Wanted]) -> Vec<Write> {
    let wanted = wanted.iter().filter(|wanted| may_set_right(wanted, head));
    wanted
        .filter_map(|wanted| writer.settle(head, wanted))
        .collect()
}

/// What must be written so that every schema says whether its level is there.
pub(super) fn conditions(writer: &Writer<'_>, head: &Snapshot) -> Vec<Write> {
    let Some(resource) = writer.catalog.resource(GROUP, "v1", SCHEMAS) else {
        return Vec::new();
    };
    let levels = Key::prefix(GROUP, LEVELS, None);
    let levels: BTreeSet<&str> = head.range(&levels).map(|(key, _)| key.name()).collect();
    let mut writes = Vec::new();
    for (key, found) in head.range(&Key::prefix(GROUP, SCHEMAS, None)) {
        let Ok(mut schema) = record::parse(&found.value, 0) else {
            continue;
        };
        let level = schema.at(&["spec", "priorityLevelConfiguration", "name"]);
        let level = level.and_then(Value::as_str).unwrap_or_default().to_owned();
        let wanted = dangling(&level, !levels.contains(level.as_str()), &writer.now);
        if set_condition(schema.child_mut("status"), wanted) {
            writes.push(put(resource, key.clone(), &schema));
        }
    }
    writes
}

/// Sets a condition; whether it says something else now.
pub(super) fn set_condition(status: &mut Value, mut wanted: Value) -> bool {
    let mut conditions = status.items("conditions").to_vec();
    let mut known = conditions.iter_mut();
    let Some(known) = known.find(|known| known.get("type") == wanted.get("type")) else {
        conditions.push(wanted);
        status.set("conditions", conditions);
        return true;
    };
    let is_same = |key: &str| known.get(key) == wanted.get(key);
    if is_same("status") && is_same("reason") && is_same("message") {
        return false;
    }
    if is_same("status") {
        wanted.set(
            "lastTransitionTime",
            known.get("lastTransitionTime").cloned(),
        );
    }
    *known = wanted;
    status.set("conditions", conditions);
    true
}
