//! The strategy of Services: `clusterIP` and `clusterIPs` are one thing under two names.

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
    normalize_addresses(service, Some(old));
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
    } else if single_before != single && same_list {
        spec.set("clusterIPs", vec![single]);
    }
}
