//! Ingresses, network policies, ranges of addresses.

use super::services::load_balancer;
use crate::table::selector::formatted;
use crate::table::text::{NONE, age, at, at_or, count_of, items_at, joined, name};
use tollgate_api::{Timestamp, Value};

/// How many hosts are shown.
const HOSTS_MAX: usize = 3;

pub(super) fn ingress(ingress: &Value, now: Timestamp) -> Vec<Value> {
    let ports = if items_at(ingress, &["spec", "tls"]).is_empty() {
        "80"
    } else {
        "80, 443"
    };
    vec![
        name(ingress),
        at_or(ingress, &["spec", "ingressClassName"], NONE),
        hosts(items_at(ingress, &["spec", "rules"])).into(),
        load_balancer(ingress).into(),
        ports.into(),
        age(ingress, now),
    ]
}

fn hosts(rules: &[Value]) -> String {
    let mut list: Vec<&str> = Vec::new();
    let mut more = false;
    for rule in rules {
        if list.len() == HOSTS_MAX {
            more = true;
        }
        match rule.str_or_empty("host") {
            "" => {}
            host if !more => list.push(host),
            _ => {}
        }
    }
    if list.is_empty() {
        return "*".to_owned();
    }
    let list = list.join(",");
    if more {
        // Rules without a host count here, too.
        let rest = count_of(rules.len()) - count_of(HOSTS_MAX);
        return format!("{list} + {rest} more...");
    }
    list
}

pub(super) fn ingress_class(class: &Value, now: Timestamp) -> Vec<Value> {
    let parameters = class.at(&["spec", "parameters"]).map_or_else(
        || NONE.to_owned(),
        |parameters| {
            let kind = parameters.str_or_empty("kind");
            let name = parameters.str_or_empty("name");
            match parameters.str("apiGroup") {
                Some(group) => format!("{kind}.{group}/{name}"),
                None => format!("{kind}/{name}"),
            }
        },
    );
    vec![
        name(class),
        at(class, &["spec", "controller"]),
        parameters.into(),
        age(class, now),
    ]
}

pub(super) fn network_policy(policy: &Value, now: Timestamp) -> Vec<Value> {
    let pods = formatted(policy.at(&["spec", "podSelector"]));
    vec![name(policy), pods, age(policy, now)]
}

/// Upstream has a cell for the age and no column for it.
pub(super) fn ip_address(address: &Value, now: Timestamp) -> Vec<Value> {
    let parent = address.at(&["spec", "parentRef"]).map_or_else(
        || NONE.to_owned(),
        |parent| {
            let mut text = parent.str_or_empty("resource").to_owned();
            for (separator, key) in [('.', "group"), ('/', "namespace")] {
                match parent.str_or_empty(key) {
                    "" => {}
                    part => {
                        text.push(separator);
                        text.push_str(part);
                    }
                }
            }
            format!("{text}/{}", parent.str_or_empty("name"))
        },
    );
    vec![name(address), parent.into(), age(address, now)]
}

pub(super) fn service_cidr(range: &Value, now: Timestamp) -> Vec<Value> {
    let ranges = joined(items_at(range, &["spec", "cidrs"]), ",");
    vec![name(range), ranges.into(), age(range, now)]
}
