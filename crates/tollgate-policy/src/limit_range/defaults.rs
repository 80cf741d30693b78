//! Default limits and requests of containers, and the annotation that says which were set.

use super::prepared::{Default, LimitRange};
use std::fmt::Write as _;
use tollgate_api::Value;

/// The annotation that says what was set.
pub const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// Gives the containers and init containers of a pod what they lack. Returns whether anything was set.
///
/// A later LimitRange finds what an earlier one set, so the first wins; its annotation replaces the earlier one's.
pub(super) fn apply(range: &LimitRange, pod: &mut Value) -> bool {
    if range.default_limits.is_empty() && range.default_requests.is_empty() {
        return false;
    }
    let mut annotation = String::new();
    if let Some(spec) = pod.get_mut("spec") {
        for container in spec.items_mut("containers") {
            complete(range, container, "container", &mut annotation);
        }
        for container in spec.items_mut("initContainers") {
            complete(range, container, "init container", &mut annotation);
        }
    }
    if annotation.is_empty() {
        return false;
    }
    pod.child_mut("metadata")
        .child_mut("annotations")
        .set(ANNOTATION, annotation);
    true
}

fn complete(range: &LimitRange, container: &mut Value, role: &str, annotation: &mut String) {
    if container.as_object().is_none() {
        return;
    }
    // Said in this order, whatever the order of setting.
    for (key, singular, defaults) in [
        ("requests", "request", &range.default_requests),
        ("limits", "limit", &range.default_limits),
    ] {
        if lacks(container, key, defaults) {
            set(container, key, singular, defaults, role, annotation);
        }
    }
}

/// Whether any of `defaults` is missing; `null` is there, as 0.
fn lacks(container: &Value, key: &str, defaults: &[Default]) -> bool {
    let there = container.at(&["resources", key]).and_then(Value::as_object);
    defaults
        .iter()
        .any(|default| there.is_none_or(|there| there.get_or_null(&default.resource).is_none()))
}

#[cold]
fn set(
    container: &mut Value,
    key: &'static str,
    singular: &str,
    defaults: &[Default],
    role: &str,
    annotation: &mut String,
) {
    annotation.push_str(if annotation.is_empty() {
        "LimitRanger plugin set: "
    } else {
        "; "
    });
    let list = container.child_mut("resources").child_mut(key);
    let mut separator = "";
    for default in defaults {
        let missing = list
            .as_object()
            .is_none_or(|list| list.get_or_null(&default.resource).is_none());
        if missing {
            list.set(default.resource.clone(), default.amount.clone());
            annotation.push_str(separator);
            annotation.push_str(&default.resource);
            separator = ", ";
        }
    }
    let name = container.str_or_empty("name");
    // Writing to a String cannot fail.
    let _ = write!(annotation, " {singular} for {role} {name}");
}
