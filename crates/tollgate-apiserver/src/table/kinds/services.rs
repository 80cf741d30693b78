//! Services.

use crate::table::text::{NONE, age, at, int_at, items_at, joined, labels, name, str_at};
use std::collections::BTreeSet;
use tollgate_api::{Timestamp, Value};

pub(super) fn service(service: &Value, now: Timestamp) -> Vec<Value> {
    let addresses = items_at(service, &["spec", "clusterIPs"]);
    let cluster_ip = addresses.first().and_then(Value::as_str);
    vec![
        name(service),
        at(service, &["spec", "type"]),
        cluster_ip.unwrap_or(NONE).into(),
        external_ip(service).into(),
        ports(service).into(),
        age(service, now),
        labels(service.at(&["spec", "selector"])).into(),
    ]
}

fn external_ip(service: &Value) -> String {
    let given = joined(items_at(service, &["spec", "externalIPs"]), ",");
    match str_at(service, &["spec", "type"]) {
        "ClusterIP" | "NodePort" if given.is_empty() => NONE.to_owned(),
        "ClusterIP" | "NodePort" => given,
        "LoadBalancer" => {
            let balancer = load_balancer(service);
            match (balancer.is_empty(), given.is_empty()) {
                (true, true) => "<pending>".to_owned(),
                (true, false) => given,
                (false, true) => balancer,
                (false, false) => format!("{balancer},{given}"),
            }
        }
        "ExternalName" => str_at(service, &["spec", "externalName"]).to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

/// The addresses or host names of a load balancer, sorted.
pub(super) fn load_balancer(object: &Value) -> String {
    let points: BTreeSet<&str> = items_at(object, &["status", "loadBalancer", "ingress"])
        .iter()
        .map(|point| match point.str_or_empty("ip") {
            "" => point.str_or_empty("hostname"),
            ip => ip,
        })
        .filter(|point| !point.is_empty())
        .collect();
    points.into_iter().collect::<Vec<_>>().join(",")
}

fn ports(service: &Value) -> String {
    let ports = items_at(service, &["spec", "ports"]);
    if ports.is_empty() {
        return NONE.to_owned();
    }
    let texts: Vec<String> = ports
        .iter()
        .map(|port| {
            let (number, node_port) = (int_at(port, &["port"]), int_at(port, &["nodePort"]));
            let protocol = port.str_or_empty("protocol");
            if node_port > 0 {
                format!("{number}:{node_port}/{protocol}")
            } else {
                format!("{number}/{protocol}")
            }
        })
        .collect();
    texts.join(",")
}
