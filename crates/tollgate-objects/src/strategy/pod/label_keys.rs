//! `matchLabelKeys` and `mismatchLabelKeys`: the pod's own values of the keys are merged into the label selectors of
//! its affinity terms and spread constraints.

use super::object_mut;
use tollgate_api::{Release, Value};

/// Merges the keys of a new pod, as far as `release` does.
pub(super) fn merge(pod: &mut Value, release: Release) {
    let has_keys = |spec: &Value| {
        spec.get("affinity").is_some() || !spec.items("topologySpreadConstraints").is_empty()
    };
    if !pod.get("spec").is_some_and(has_keys) {
        return;
    }
    let labels = pod
        .at(&["metadata", "labels"])
        .cloned()
        .unwrap_or_else(Value::object);
    let Some(spec) = pod.get_mut("spec") else {
        return;
    };
    if release >= Release::minor(31) {
        for kind in ["podAffinity", "podAntiAffinity"] {
            let Some(affinity) = spec
                .get_mut("affinity")
                .and_then(|affinity| affinity.get_mut(kind))
            else {
                continue;
            };
            for term in affinity.items_mut("preferredDuringSchedulingIgnoredDuringExecution") {
                if let Some(term) = term.get_mut("podAffinityTerm") {
                    merge_term(term, &labels);
                }
            }
            for term in affinity.items_mut("requiredDuringSchedulingIgnoredDuringExecution") {
                merge_term(term, &labels);
            }
        }
    }
    if release >= Release::minor(34) {
        for constraint in spec.items_mut("topologySpreadConstraints") {
            merge_keys(constraint, "matchLabelKeys", "In", &labels);
        }
    }
}

fn merge_term(term: &mut Value, labels: &Value) {
    merge_keys(term, "matchLabelKeys", "In", labels);
    merge_keys(term, "mismatchLabelKeys", "NotIn", labels);
}

/// Adds a requirement per key that the pod has a label for. An absent selector matches nothing and stays absent.
fn merge_keys(term: &mut Value, keys: &str, operator: &'static str, labels: &Value) {
    let requirements: Vec<Value> = term
        .items(keys)
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|key| Some((key, labels.str(key)?)))
        .map(|(key, value)| {
            let mut requirement: Value =
                [("key", key), ("operator", operator)].into_iter().collect();
            requirement.set("values", vec![value]);
            requirement
        })
        .collect();
    if requirements.is_empty() || term.get("labelSelector").is_none() {
        return;
    }
    if let Some(selector) = object_mut(term, "labelSelector") {
        selector.set_default("matchExpressions", || Value::Array(Vec::new()));
        if let Some(expressions) = selector
            .get_mut("matchExpressions")
            .and_then(Value::as_array_mut)
        {
            expressions.extend(requirements);
        }
    }
}
