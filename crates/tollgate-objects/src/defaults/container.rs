//! Containers: regular, init and ephemeral ones take the same defaults.

use super::set::{if_absent, if_empty, pointer, structures};
use super::{env, image, probe, resource_list};
use tollgate_api::Value;

/// Sets the defaults of one container.
pub(super) fn set_defaults(container: &mut Value) {
    // Of a pod made from a template it is set, and reading the reference costs more than all else here.
    if container.str_or_empty("imagePullPolicy").is_empty() {
        let policy = image::pull_policy(container.str_or_empty("image"));
        if_empty(container, "imagePullPolicy", policy);
    }
    if_empty(container, "terminationMessagePath", "/dev/termination-log");
    if_empty(container, "terminationMessagePolicy", "File");
    for port in structures(container, "ports") {
        if_empty(port, "protocol", "TCP");
    }
    env::set_defaults(container);
    if let Some(resources) = pointer(container, "resources") {
        resource_list::set_defaults(resources, "limits");
        resource_list::set_defaults(resources, "requests");
    }
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = pointer(container, key) {
            probe::set_defaults(probe);
        }
    }
    if let Some(lifecycle) = pointer(container, "lifecycle") {
        for key in ["postStart", "preStop"] {
            if let Some(handler) = pointer(lifecycle, key) {
                probe::set_http_get_defaults(handler);
            }
        }
    }
}

/// With the node's network, a container port is a host port of the same number.
pub(super) fn set_host_ports(container: &mut Value) {
    for port in structures(container, "ports") {
        if port.int("hostPort").unwrap_or_default() == 0
            && let Some(number) = port.int("containerPort").filter(|number| *number != 0)
        {
            port.set("hostPort", number);
        }
    }
}

/// What is limited but not requested is requested at its limit.
pub(super) fn set_requests_from_limits(container: &mut Value) {
    let Some(resources) = pointer(container, "resources") else {
        return;
    };
    let Some(limits) = resources.get("limits").and_then(Value::as_object) else {
        return;
    };
    let requests = resources.get("requests").and_then(Value::as_object);
    let missing: Vec<_> = limits
        .iter()
        .filter(|(name, _)| requests.is_none_or(|requests| requests.get_or_null(name).is_none()))
        .map(|(name, limit)| (compact_str::CompactString::new(name), limit.clone()))
        .collect();
    if missing.is_empty() {
        return;
    }
    if_absent(resources, "requests", Value::object());
    if let Some(requests) = resources.get_mut("requests").and_then(Value::as_object_mut) {
        for (name, limit) in missing {
            requests.insert(name, limit);
        }
    }
}
