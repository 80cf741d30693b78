//! Pods: their number, and what they request and limit while they live.

use super::pod_resources::{limits, requests};
use crate::resource_quota::scopes::terminating::is_terminating;
use crate::resource_quota::usage::{Key, Usage, key};
use tollgate_api::resource_name::{
    DEVICE_CLASS_PREFIX, REQUESTS_PREFIX, is_extended, is_huge_pages, is_native,
    is_quota_huge_pages,
};
use tollgate_api::{Attributes, Quantity, Timestamp, Value};

/// Whether pods are counted under `key`. Any qualified name is a resource that a pod may request.
pub(super) fn claims(key: &str) -> bool {
    match key {
        "count/pods"
        | "pods"
        | "cpu"
        | "memory"
        | "ephemeral-storage"
        | "requests.cpu"
        | "requests.memory"
        | "requests.ephemeral-storage"
        | "limits.cpu"
        | "limits.memory"
        | "limits.ephemeral-storage" => true,
        _ => is_quota_huge_pages(key) || is_extended_request(key),
    }
}

/// Whether a key limits requests of an extended resource, or of the implicit one of a device class.
pub(super) fn is_extended_request(key: &str) -> bool {
    key.strip_prefix(REQUESTS_PREFIX)
        .is_some_and(|name| !is_native(key) || name.starts_with(DEVICE_CLASS_PREFIX))
}

/// Whether an update turns a pod that runs on into one that ends by itself, or back.
pub(super) fn terminating_changes(request: &Attributes<'_>) -> bool {
    match (request.old_object, request.object) {
        (Some(old), Some(new)) => is_terminating(old) != is_terminating(new),
        _ => false,
    }
}

/// What a pod uses. A pod that has ended is an object and nothing else.
pub(super) fn usage(pod: &Value, now: Timestamp) -> Usage {
    let mut usage = Usage::with_capacity(12);
    usage.set(key("count/pods"), Quantity::from_int(1));
    if !is_counted(pod, now) {
        return usage;
    }
    let requests = requests(pod);
    let limits = limits(pod);
    // In the order of keys, so that each is appended.
    let parts = [
        ("cpu", requests.get("cpu")),
        ("ephemeral-storage", requests.get("ephemeral-storage")),
        ("limits.cpu", limits.get("cpu")),
        ("limits.ephemeral-storage", limits.get("ephemeral-storage")),
        ("limits.memory", limits.get("memory")),
        ("memory", requests.get("memory")),
        ("pods", Some(&Quantity::from_int(1))),
        ("requests.cpu", requests.get("cpu")),
        (
            "requests.ephemeral-storage",
            requests.get("ephemeral-storage"),
        ),
        ("requests.memory", requests.get("memory")),
    ];
    for (name, amount) in parts {
        if let Some(amount) = amount {
            usage.set(key(name), amount.clone());
        }
    }
    for (name, request) in requests.iter() {
        if matches!(name, "cpu" | "memory" | "ephemeral-storage") {
            continue;
        }
        let is_huge_pages = is_huge_pages(name);
        if is_huge_pages {
            usage.set(Key::new(name), request.clone());
        }
        if is_huge_pages || name.starts_with(DEVICE_CLASS_PREFIX) || is_extended(name) {
            usage.set(request_key(name), request.clone());
        }
    }
    usage
}

fn request_key(name: &str) -> Key {
    let mut key = key(REQUESTS_PREFIX);
    key.push_str(name);
    key
}

/// Whether a pod still counts: it has not ended, and is not stuck in its deletion.
fn is_counted(pod: &Value, now: Timestamp) -> bool {
    let phase = pod.at(&["status", "phase"]).and_then(Value::as_str);
    !matches!(phase, Some("Failed" | "Succeeded"))
        && counted_until(pod).is_none_or(|until| now <= until)
}

/// Until when a pod that is being deleted counts; none if it is not, or has no grace period.
///
/// The deletion's time already lies at the end of the grace period; upstream adds the period once more.
pub fn counted_until(pod: &Value) -> Option<Timestamp> {
    let metadata = pod.get("metadata")?;
    let deletion = Timestamp::parse(metadata.str("deletionTimestamp")?)?;
    let grace = metadata.int("deletionGracePeriodSeconds")?;
    Some(deletion.saturating_add_seconds(grace))
}
