//! Affinity: `validateAffinity`.

use super::node_selector;
use crate::validation::label_selector::{self, Values};
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

const WEIGHT_MAX: i64 = 100;

/// Validates `affinity`, if it is set.
pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(affinity) = spec.get("affinity") else {
        return;
    };
    if let Some(of_nodes) = affinity.get("nodeAffinity") {
        node_affinity(of_nodes, &path.child("nodeAffinity"), errors);
    }
    for field in ["podAffinity", "podAntiAffinity"] {
        if let Some(of_pods) = affinity.get(field) {
            pod_affinity(of_pods, &path.child(field), errors);
        }
    }
}

fn node_affinity(affinity: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(selector) = affinity.get(REQUIRED) {
        node_selector::validate(selector, &path.child(REQUIRED), errors);
    }
    let path = path.child(PREFERRED);
    for (index, term) in affinity.items(PREFERRED).iter().enumerate() {
        let path = path.index(index);
        weight(term, &path, errors);
        let preference = term.get("preference").unwrap_or(&Value::Null);
        let path = path.child("preference");
        // Bad values only keep a preference from ever matching.
        node_selector::validate_term(preference, Values::Any, &path, errors);
    }
}

fn pod_affinity(affinity: &Value, path: &Path<'_>, errors: &mut Errors) {
    let required_path = path.child(REQUIRED);
    for (index, term) in affinity.items(REQUIRED).iter().enumerate() {
        pod_affinity_term(term, &required_path.index(index), errors);
    }
    let path = path.child(PREFERRED);
    for (index, weighted) in affinity.items(PREFERRED).iter().enumerate() {
        let path = path.index(index);
        weight(weighted, &path, errors);
        let term = weighted.get("podAffinityTerm").unwrap_or(&Value::Null);
        pod_affinity_term(term, &path.child("podAffinityTerm"), errors);
    }
}

fn weight(term: &Value, path: &Path<'_>, errors: &mut Errors) {
    let weight = term.int("weight").unwrap_or_default();
    if !(1..=WEIGHT_MAX).contains(&weight) {
        errors.push(Error::invalid(
            &path.child("weight"),
            weight,
            "must be in the range 1-100",
        ));
    }
}

fn pod_affinity_term(term: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["labelSelector", "namespaceSelector"] {
        label_selector::validate(term, field, Values::Strict, &path.child(field), errors);
    }
    let namespace_path = path.child("namespace");
    for namespace in term.items("namespaces") {
        let name = namespace.as_str().unwrap_or_default();
        invalid_each(names::dns1123_label(name), name, &namespace_path, errors);
    }
    label_keys(term, path, errors);
    let key = term.str_or_empty("topologyKey");
    let path = path.child("topologyKey");
    if key.is_empty() {
        errors.push(Error::required(&path, "can not be empty"));
    }
    invalid_each(names::qualified_name(key), key, &path, errors);
}

/// Validates `matchLabelKeys` and `mismatchLabelKeys` beside a label selector:
/// `ValidateMatchLabelKeysAndMismatchLabelKeys`.
pub(super) fn label_keys(holder: &Value, path: &Path<'_>, errors: &mut Errors) {
    let selector = holder.get("labelSelector");
    let matched = holder.items("matchLabelKeys");
    let mismatched = holder.items("mismatchLabelKeys");
    for (field, keys) in [
        ("matchLabelKeys", matched),
        ("mismatchLabelKeys", mismatched),
    ] {
        let path = path.child(field);
        if !keys.is_empty() && selector.is_none() {
            errors.push(Error::forbidden(
                &path,
                "must not be specified when labelSelector is not set",
            ));
            continue;
        }
        for (index, key) in keys.iter().enumerate() {
            let key = key.as_str().unwrap_or_default();
            invalid_each(names::qualified_name(key), key, &path.index(index), errors);
        }
    }
    if let Some(selector) = selector.filter(|_| !matched.is_empty()) {
        keys_in_selector(selector, matched, path, errors);
    }
    for (index, key) in matched.iter().enumerate() {
        if mismatched.contains(key) {
            errors.push(Error::invalid(
                &path.child("matchLabelKeys").index(index),
                key.clone(),
                "exists in both matchLabelKeys and mismatchLabelKeys",
            ));
        }
    }
}

/// The strategy has added each matched key to the selector once; a key that is there before is one too many.
fn keys_in_selector(selector: &Value, matched: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let expressions = selector.items("matchExpressions");
    for (index, expression) in expressions.iter().enumerate() {
        let key = expression.str_or_empty("key");
        let place = matched
            .iter()
            .rposition(|other| other.as_str() == Some(key));
        let seen = || {
            let same = |other: &Value| other.str_or_empty("key") == key;
            selector
                .entries("matchLabels")
                .any(|(other, _)| other == key)
                || expressions.iter().take(index).any(same)
        };
        if let Some(place) = place
            && seen()
        {
            errors.push(Error::invalid(
                &path.index(place),
                key,
                "exists in both matchLabelKeys and labelSelector",
            ));
        }
    }
}
