//! Services: their number, their load balancers and the node ports they ask for.

use crate::resource_quota::usage::{Usage, key};
use tollgate_api::{Quantity, Value};

/// Whether services are counted under `key`.
pub(super) fn claims(key: &str) -> bool {
    matches!(
        key,
        "count/services" | "services" | "services.loadbalancers" | "services.nodeports"
    )
}

/// What a service uses. Node ports are counted by intent: they are not allocated yet when admission looks.
pub(super) fn usage(service: &Value) -> Usage {
    let spec = service.get("spec").unwrap_or(&Value::Null);
    let ports = spec.items("ports");
    let (load_balancers, node_ports) = match spec.str_or_empty("type") {
        "NodePort" => (0, ports.len()),
        "LoadBalancer" if spec.bool("allocateLoadBalancerNodePorts") == Some(false) => {
            (1, ports.iter().filter(|port| has_node_port(port)).count())
        }
        "LoadBalancer" => (1, ports.len()),
        _ => (0, 0),
    };
    let count = |number: usize| Quantity::from_int(i64::try_from(number).unwrap_or(i64::MAX));
    let mut usage = Usage::with_capacity(4);
    usage.set(key("count/services"), count(1));
    usage.set(key("services"), count(1));
    usage.set(key("services.loadbalancers"), count(load_balancers));
    usage.set(key("services.nodeports"), count(node_ports));
    usage
}

fn has_node_port(port: &Value) -> bool {
    port.int("nodePort").unwrap_or(0) != 0
}
