//! Kinds with little to say.

use crate::table::text::{age, at, bool_at, count_at, int_at, name};
use tollgate_api::{Timestamp, Value};

pub(super) fn named(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(object), age(object, now)]
}

pub(super) fn component_status(object: &Value, _now: Timestamp) -> Vec<Value> {
    let conditions = object.items("conditions").iter();
    let healthy = { conditions }.find(|condition| condition.str_or_empty("type") == "Healthy");
    let status = match healthy.map(|condition| condition.str_or_empty("status")) {
        None => "Unknown",
        Some("True") => "Healthy",
        Some(_) => "Unhealthy",
    };
    let text = |key| {
        healthy
            .map_or("", |condition| condition.str_or_empty(key))
            .into()
    };
    vec![name(object), status.into(), text("message"), text("error")]
}

pub(super) fn config_map(object: &Value, now: Timestamp) -> Vec<Value> {
    let count = count_at(object, &["data"]) + count_at(object, &["binaryData"]);
    vec![name(object), count.into(), age(object, now)]
}

pub(super) fn namespace(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        at(object, &["status", "phase"]),
        age(object, now),
    ]
}

pub(super) fn secret(object: &Value, now: Timestamp) -> Vec<Value> {
    let count = count_at(object, &["data"]).into();
    vec![name(object), at(object, &["type"]), count, age(object, now)]
}

pub(super) fn lease(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        at(object, &["spec", "holderIdentity"]),
        age(object, now),
    ]
}

pub(super) fn runtime_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = handler_place(object);
    vec![name(object), at(spec, &["handler"]), age(object, now)]
}

/// Old versions keep the handler in a spec.
fn handler_place(object: &Value) -> &Value {
    object.get("spec").unwrap_or(object)
}

pub(super) fn priority_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let preemption = object
        .str("preemptionPolicy")
        .unwrap_or("PreemptLowerPriority");
    vec![
        name(object),
        int_at(object, &["value"]).into(),
        bool_at(object, &["globalDefault"], false).into(),
        age(object, now),
        preemption.into(),
    ]
}
