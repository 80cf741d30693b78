//! The strategy of Services: `clusterIP` and `clusterIPs` are one thing under two names.

use std::collections::BTreeSet;
use tollgate_api::{Release, Value};

/// Prepares a Service that is to be created.
pub(super) fn prepare_for_create(service: &mut Value, _release: Release) -> Vec<String> {
    service.remove("status");
    service.set(
        "status",
        [("loadBalancer", Value::object())]
            .into_iter()
            .collect::<Value>(),
    );
    normalize_addresses(service, None);
    Vec::new()
}

/// Prepares what a Service becomes by an update.
pub(super) fn prepare_for_update(service: &mut Value, old: &Value, _release: Release) {
    match old.get("status") {
        Some(status) => service.set("status", status.clone()),
        None => {
            service.remove("status");
        }
    }
    keep_addresses(service, old);
    keep_ports(service, old);
    normalize_addresses(service, Some(old));
    drop_what_the_type_lost(service, old);
}

/// What a Service had for its type and a client has not changed goes with the type (`dropTypeDependentFields`).
fn drop_what_the_type_lost(service: &mut Value, old: &Value) {
    let before = old.get("spec").unwrap_or(&Value::Null);
    let Some(spec) = service.get_mut("spec") else {
        return;
    };
    for (needs, fields) in NEEDED {
        if !needs(before) || needs(spec) {
            continue;
        }
        if fields.iter().all(|field| same(spec, before, field)) {
            for field in *fields {
                spec.remove(field);
            }
        }
    }
    if needs_node_ports(before) && !needs_node_ports(spec) && same_node_ports(spec, before) {
        for port in spec.items_mut("ports") {
            port.remove("nodePort");
        }
    }
}

type Needs = fn(&Value) -> bool;

/// Which specs need which fields; those of one line are the same thing.
const NEEDED: &[(Needs, &[&str])] = &[
    (needs_address, &["clusterIP", "clusterIPs"]),
    (needs_address, &["ipFamilies"]),
    (needs_address, &["ipFamilyPolicy"]),
    (needs_health_check, &["healthCheckNodePort"]),
    (is_balanced, &["allocateLoadBalancerNodePorts"]),
    (is_balanced, &["loadBalancerClass"]),
    (is_external, &["externalTrafficPolicy"]),
    (|spec| !needs_address(spec), &["externalName"]),
];

/// Whether a Service of this spec has an address of the cluster, or says that it wants none.
pub fn needs_address(spec: &Value) -> bool {
    spec.str_or_empty("type") != "ExternalName"
}

fn is_balanced(spec: &Value) -> bool {
    spec.str_or_empty("type") == "LoadBalancer"
}

fn is_external(spec: &Value) -> bool {
    match spec.str_or_empty("type") {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.items("externalIPs").is_empty(),
        _ => false,
    }
}

/// Whether nodes answer on a port of their own whether they have a pod of a Service of this spec.
pub fn needs_health_check(spec: &Value) -> bool {
    is_balanced(spec) && spec.str_or_empty("externalTrafficPolicy") == "Local"
}

/// Whether the ports of a Service of this spec are those of nodes, too.
pub fn needs_node_ports(spec: &Value) -> bool {
    match spec.str_or_empty("type") {
        "NodePort" => true,
        "LoadBalancer" => spec.bool("allocateLoadBalancerNodePorts") != Some(false),
        _ => false,
    }
}

fn same(one: &Value, other: &Value, field: &str) -> bool {
    one.get(field) == other.get(field)
}

/// Whether all node ports of the one are also the other's.
fn same_node_ports(one: &Value, other: &Value) -> bool {
    numbers(one) == numbers(other)
}

/// Addresses that a client does not speak of stay (`patchAllocatedValues`).
fn keep_addresses(service: &mut Value, old: &Value) {
    let before = old.get("spec").unwrap_or(&Value::Null);
    let Some(spec) = service.get_mut("spec") else {
        return;
    };
    if !needs_address(before) || !needs_address(spec) {
        return;
    }
    let single = before.str_or_empty("clusterIP");
    if spec.str_or_empty("clusterIP").is_empty() && !single.is_empty() {
        spec.set("clusterIP", single);
    }
    if spec.items("clusterIPs").is_empty() && spec.str_or_empty("clusterIP") == single {
        let list = before.items("clusterIPs").to_vec();
        if !list.is_empty() {
            spec.set("clusterIPs", list);
        }
    }
    for key in ["ipFamilies", "ipFamilyPolicy"] {
        if let Some(value) = before.get(key)
            && spec.get(key).is_none()
        {
            spec.set(key, value.clone());
        }
    }
}

/// So do ports, by their names (`patchAllocatedValues`), unless another port has the number now.
fn keep_ports(service: &mut Value, old: &Value) {
    let before = old.get("spec").unwrap_or(&Value::Null);
    let Some(spec) = service.get_mut("spec") else {
        return;
    };
    if needs_health_check(before)
        && needs_health_check(spec)
        && spec.int("healthCheckNodePort").unwrap_or_default() == 0
        && let Some(port) = before.int("healthCheckNodePort")
    {
        spec.set("healthCheckNodePort", port);
    }
    if !needs_node_ports(before) || !needs_node_ports(spec) {
        return;
    }
    let mut used: BTreeSet<i64> = numbers(spec)
        .intersection(&numbers(before))
        .copied()
        .collect();
    for port in spec.items_mut("ports") {
        if port.int("nodePort").unwrap_or_default() != 0 {
            continue;
        }
        let name = port.str_or_empty("name");
        let mut known = before.items("ports").iter();
        let known = known.find(|known| known.str_or_empty("name") == name);
        if let Some(number) = known.and_then(|known| known.int("nodePort"))
            && used.insert(number)
        {
            port.set("nodePort", number);
        }
    }
}

/// The node ports of a spec.
fn numbers(spec: &Value) -> BTreeSet<i64> {
    let ports = spec.items("ports").iter();
    ports.filter_map(|port| port.int("nodePort")).collect()
}

/// Brings `clusterIP` and `clusterIPs` in step (`NormalizeClusterIPs`): whichever of them a client has changed counts.
fn normalize_addresses(service: &mut Value, old: Option<&Value>) {
    let before = old.and_then(|old| old.get("spec")).unwrap_or(&Value::Null);
    let Some(spec) = service.get_mut("spec") else {
        return;
    };
    let single = spec.str_or_empty("clusterIP").to_owned();
    let listed = !spec.items("clusterIPs").is_empty();
    if old.is_none() {
        if !single.is_empty() && !listed {
            spec.set("clusterIPs", vec![single]);
        }
        return;
    }
    let single_before = before.str_or_empty("clusterIP");
    let same_list = spec.items("clusterIPs") == before.items("clusterIPs");
    if !single_before.is_empty() && single.is_empty() && same_list {
        // Cleared under its old name alone.
        spec.remove("clusterIPs");
    } else if single_before != single && (same_list || !listed) {
        spec.set("clusterIPs", vec![single]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(old: &str, new: &str, expected: &str) {
        let service =
            |spec: &str| -> Value { [("spec", from_str(spec).unwrap())].into_iter().collect() };
        let mut new = service(new);
        prepare_for_update(&mut new, &service(old), Release::default());
        assert_eq!(new, service(expected));
    }

    #[test]
    fn addresses_stay_unless_a_client_changes_them() {
        let old = r#"{"type":"ClusterIP","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"]}"#;
        check(old, r#"{"type":"ClusterIP"}"#, old);
        check(
            old,
            r#"{"type":"ClusterIP","clusterIP":"","clusterIPs":["10.0.0.1"]}"#,
            old,
        );
        check(
            old,
            r#"{"type":"ClusterIP","clusterIP":"10.0.0.2","clusterIPs":["10.0.0.1"]}"#,
            r#"{"type":"ClusterIP","clusterIP":"10.0.0.2","clusterIPs":["10.0.0.2"]}"#,
        );
    }

    #[test]
    fn ports_stay_with_their_names_unless_another_has_the_number() {
        let old = r#"{"type":"NodePort","ports":[{"name":"a","port":1,"nodePort":30001},{"name":"b","port":2,"nodePort":30002}]}"#;
        check(
            old,
            r#"{"type":"NodePort","ports":[{"name":"b","port":3},{"name":"a","port":1}]}"#,
            r#"{"type":"NodePort","ports":[{"name":"b","port":3,"nodePort":30002},{"name":"a","port":1,"nodePort":30001}]}"#,
        );
        check(
            old,
            r#"{"type":"NodePort","ports":[{"name":"b","port":3},{"name":"c","port":1,"nodePort":30002}]}"#,
            r#"{"type":"NodePort","ports":[{"name":"b","port":3},{"name":"c","port":1,"nodePort":30002}]}"#,
        );
    }

    #[test]
    fn what_was_needed_for_the_type_goes_with_it() {
        check(
            r#"{"type":"NodePort","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"externalTrafficPolicy":"Cluster","ports":[{"port":1,"nodePort":30000}]}"#,
            r#"{"type":"ExternalName","externalName":"a.example","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"externalTrafficPolicy":"Cluster","ports":[{"port":1,"nodePort":30000}]}"#,
            r#"{"type":"ExternalName","externalName":"a.example","ports":[{"port":1}]}"#,
        );
    }
}
