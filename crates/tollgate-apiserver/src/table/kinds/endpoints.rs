//! Endpoints and their slices.

use crate::table::text::{NONE, UNSET, age, at, few, int_at, items_at, name, str_at};
use tollgate_api::{Timestamp, Value};

/// How many addresses and ports are shown.
const SHOWN_MAX: usize = 3;

pub(super) fn endpoints(endpoints: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(endpoints),
        addresses(endpoints).into(),
        age(endpoints, now),
    ]
}

fn addresses(endpoints: &Value) -> String {
    let subsets = endpoints.items("subsets");
    if subsets.is_empty() {
        return NONE.to_owned();
    }
    let mut all = Vec::new();
    for subset in subsets {
        let ips = || {
            items_at(subset, &["addresses"])
                .iter()
                .map(|address| str_at(address, &["ip"]))
        };
        let ports = subset.items("ports");
        if ports.is_empty() {
            all.extend(ips().map(str::to_owned));
        }
        for port in ports {
            let port = int_at(port, &["port"]);
            all.extend(ips().map(|ip| {
                if ip.contains(':') {
                    format!("[{ip}]:{port}")
                } else {
                    format!("{ip}:{port}")
                }
            }));
        }
    }
    few(&all, SHOWN_MAX, ",")
}

pub(super) fn endpoint_slice(slice: &Value, now: Timestamp) -> Vec<Value> {
    let ports: Vec<String> = slice.items("ports").iter().map(port).collect();
    let addresses: Vec<String> = slice
        .items("endpoints")
        .iter()
        .flat_map(|endpoint| endpoint.items("addresses"))
        .map(|address| address.as_str().unwrap_or_default().to_owned())
        .collect();
    vec![
        name(slice),
        at(slice, &["addressType"]),
        shown(&ports).into(),
        shown(&addresses).into(),
        age(slice, now),
    ]
}

fn shown(all: &[String]) -> String {
    match few(all, SHOWN_MAX, ",") {
        text if text.is_empty() => UNSET.to_owned(),
        text => text,
    }
}

/// The number, else the name; without both the port is any.
fn port(port: &Value) -> String {
    match (port.int("port"), port.str("name")) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "*".to_owned(),
    }
}
