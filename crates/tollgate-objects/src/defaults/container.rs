//! Containers: regular, init and ephemeral ones take the same defaults.

use super::set::{fill, if_absent, if_empty, members, pointer, structures};
use super::{env, image, probe, resource_list};
use compact_str::CompactString;
use tollgate_api::Value;

/// Sets the defaults of one container.
///
/// Containers are most of what is defaulted: their fields are looked at in one pass, in which each is found at once.
pub(super) fn set_defaults(container: &mut Value) {
    // Of a pod made from a template it is set, and reading the reference costs more than all else here.
    let pull_policy = if container.str_or_empty("imagePullPolicy").is_empty() {
        image::pull_policy(container.str_or_empty("image"))
    } else {
        ""
    };
    let mut texts = [
        ("imagePullPolicy", pull_policy, false),
        ("terminationMessagePath", "/dev/termination-log", false),
        ("terminationMessagePolicy", "File", false),
    ];
    let Some(fields) = container.as_object_mut() else {
        return;
    };
    for (key, field) in fields.iter_mut() {
        match key {
            "ports" => {
                for port in members(field) {
                    if_empty(port, "protocol", "TCP");
                }
            }
            "env" => members(field).for_each(env::set_variable_defaults),
            "resources" => {
                resource_list::set_defaults(field, "limits");
                resource_list::set_defaults(field, "requests");
            }
            "livenessProbe" | "readinessProbe" | "startupProbe" if field.as_object().is_some() => {
                probe::set_defaults(field);
            }
            "lifecycle" => {
                for key in ["postStart", "preStop"] {
                    if let Some(handler) = pointer(field, key) {
                        probe::set_http_get_defaults(handler);
                    }
                }
            }
            _ => {
                if let Some(text) = texts.iter_mut().find(|(name, ..)| *name == key) {
                    text.2 = true;
                    fill(field, text.1);
                }
            }
        }
    }
    fields.reserve(texts.iter().filter(|(.., is_there)| !is_there).count());
    for (key, text, is_there) in texts {
        if !is_there {
            fields.push(CompactString::const_new(key), text.into());
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
        .map(|(name, limit)| (CompactString::new(name), limit.clone()))
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
