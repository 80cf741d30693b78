//! Nodes.

use crate::table::text::{NONE, age, at, at_or, bool_at, condition, items_at, name, str_at};
use std::collections::BTreeSet;
use tollgate_api::{Timestamp, Value};

const UNKNOWN: &str = "<unknown>";

pub(super) fn node(node: &Value, now: Timestamp) -> Vec<Value> {
    let info = |key| at_or(node, &["status", "nodeInfo", key], UNKNOWN);
    vec![
        name(node),
        status(node).into(),
        roles(node).into(),
        age(node, now),
        at(node, &["status", "nodeInfo", "kubeletVersion"]),
        address(node, "InternalIP"),
        address(node, "ExternalIP"),
        info("osImage"),
        kernel(node).into(),
        info("containerRuntimeVersion"),
    ]
}

fn status(node: &Value) -> String {
    let ready = condition(node, "Ready").map(|ready| ready.str_or_empty("status"));
    let mut status = match ready {
        None => "Unknown",
        Some("True") => "Ready",
        Some(_) => "NotReady",
    }
    .to_owned();
    if bool_at(node, &["spec", "unschedulable"], false) {
        status.push_str(",SchedulingDisabled");
    }
    status
}

fn roles(node: &Value) -> String {
    let labels = node
        .get("metadata")
        .into_iter()
        .flat_map(|metadata| metadata.str_entries("labels"));
    let roles: BTreeSet<&str> = labels
        .filter_map(|(key, value)| match key {
            "kubernetes.io/role" => Some(value),
            _ => key.strip_prefix("node-role.kubernetes.io/"),
        })
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() {
        return NONE.to_owned();
    }
    roles.into_iter().collect::<Vec<_>>().join(",")
}

fn address(node: &Value, kind: &str) -> Value {
    let addresses = items_at(node, &["status", "addresses"]);
    let found = addresses
        .iter()
        .find(|address| address.str_or_empty("type") == kind);
    found.map_or(NONE.into(), |address| at(address, &["address"]))
}

fn kernel(node: &Value) -> String {
    let kernel = str_at(node, &["status", "nodeInfo", "kernelVersion"]);
    match (
        kernel,
        str_at(node, &["status", "nodeInfo", "architecture"]),
    ) {
        ("", _) => UNKNOWN.to_owned(),
        (kernel, "") => kernel.to_owned(),
        (kernel, architecture) => format!("{kernel} ({architecture})"),
    }
}
