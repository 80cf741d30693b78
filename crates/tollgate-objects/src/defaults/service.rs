//! Service.

use super::set::{if_absent, if_empty, structure, structures};
use tollgate_api::Value;

/// How long a client stays with its pod, in seconds.
const AFFINITY_SECONDS: i64 = 10_800;

/// Sets the defaults of a Service.
pub fn set_defaults(service: &mut Value) {
    let Some(spec) = structure(service, "spec") else {
        return;
    };
    set_affinity_defaults(spec);
    if_empty(spec, "type", "ClusterIP");
    for port in structures(spec, "ports") {
        if_empty(port, "protocol", "TCP");
        let unset = match port.get("targetPort") {
            None => true,
            Some(target) => target.as_i64() == Some(0) || target.as_str() == Some(""),
        };
        if unset {
            let number = port.int("port").unwrap_or_default();
            port.set("targetPort", number);
        }
    }
    let kind = spec.str_or_empty("type");
    let balanced = kind == "LoadBalancer";
    let in_cluster = matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer");
    let external = matches!(kind, "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && !spec.items("externalIPs").is_empty());
    if external {
        if_empty(spec, "externalTrafficPolicy", "Cluster");
    }
    if in_cluster {
        if_absent(spec, "internalTrafficPolicy", "Cluster");
    }
    if balanced {
        if_absent(spec, "allocateLoadBalancerNodePorts", true);
        set_ingress_defaults(service);
    }
}

fn set_affinity_defaults(spec: &mut Value) {
    if_empty(spec, "sessionAffinity", "None");
    match spec.str("sessionAffinity") {
        Some("None") => {
            spec.remove("sessionAffinityConfig");
        }
        Some("ClientIP") => {
            let set = spec.at(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"]);
            if set.is_none() {
                let client: Value = [("timeoutSeconds", AFFINITY_SECONDS)].into_iter().collect();
                let config: Value = [("clientIP", client)].into_iter().collect();
                spec.set("sessionAffinityConfig", config);
            }
        }
        _ => {}
    }
}

fn set_ingress_defaults(service: &mut Value) {
    let balancer = service
        .get_mut("status")
        .and_then(|status| status.get_mut("loadBalancer"));
    for ingress in balancer
        .into_iter()
        .flat_map(|balancer| structures(balancer, "ingress"))
    {
        if !ingress.str_or_empty("ip").is_empty() {
            if_absent(ingress, "ipMode", "VIP");
        }
    }
}
