//! Claims and offers of devices.

use crate::table::text::{age, at, is_deleted, items_at, name};
use tollgate_api::{Timestamp, Value};

pub(super) fn resource_claim(claim: &Value, now: Timestamp) -> Vec<Value> {
    let mut states = Vec::new();
    if is_deleted(claim) {
        states.push("deleted");
    }
    if claim.at(&["status", "allocation"]).is_some() {
        states.push("allocated");
        if !items_at(claim, &["status", "reservedFor"]).is_empty() {
            states.push("reserved");
        }
    } else if !is_deleted(claim) {
        states.push("pending");
    }
    vec![name(claim), states.join(",").into(), age(claim, now)]
}

pub(super) fn resource_slice(slice: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(slice),
        at(slice, &["spec", "nodeName"]),
        at(slice, &["spec", "driver"]),
        at(slice, &["spec", "pool", "name"]),
        age(slice, now),
    ]
}
