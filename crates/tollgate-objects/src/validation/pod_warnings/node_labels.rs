//! Labels of nodes that have newer names, and values that match no node.

use super::null_selector;
use tollgate_api::field::Path;
use tollgate_api::{Value, names};

/// Why a label of nodes is not to be used any more.
pub(crate) fn deprecated(label: &str) -> Option<&'static str> {
    Some(match label {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "beta.kubernetes.io/instance-type" => {
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        }
        "failure-domain.beta.kubernetes.io/region" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        }
        _ => return None,
    })
}

pub(super) fn collect(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let selector_path = path.child("nodeSelector");
    for (label, _) in spec.entries("nodeSelector") {
        if let Some(why) = deprecated(label) {
            warnings.push(format!("{}: {why}", selector_path.key(label)));
        }
    }
    if let Some(affinity) = spec.at(&["affinity", "nodeAffinity"]) {
        node_affinity(affinity, &path.child("affinity.nodeAffinity"), warnings);
    }
    let path = path.child("topologySpreadConstraints");
    for (index, constraint) in spec.items("topologySpreadConstraints").iter().enumerate() {
        let path = path.index(index);
        let label = constraint.str_or_empty("topologyKey");
        if let Some(why) = deprecated(label) {
            warnings.push(format!("{}: {label} is {why}", path.child("topologyKey")));
        }
        null_selector(constraint, &path, warnings);
    }
}

fn node_affinity(affinity: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    if let Some(selector) = affinity.get(required) {
        let path = path.child(required);
        let path = path.child("nodeSelectorTerms");
        for (index, term) in selector.items("nodeSelectorTerms").iter().enumerate() {
            term_warnings(term, false, &path.index(index), warnings);
        }
    }
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    let path = path.child(preferred);
    for (index, weighted) in affinity.items(preferred).iter().enumerate() {
        let term = weighted.get("preference").unwrap_or(&Value::Null);
        let path = path.index(index);
        term_warnings(term, true, &path.child("preference"), warnings);
    }
}

/// `GetWarningsForNodeSelectorTerm`; bad values are refused in required terms and only warned about in preferred ones.
pub(crate) fn term_warnings(
    term: &Value,
    with_values: bool,
    path: &Path<'_>,
    warnings: &mut Vec<String>,
) {
    let path = path.child("matchExpressions");
    for (index, expression) in term.items("matchExpressions").iter().enumerate() {
        let path = path.index(index);
        let label = expression.str_or_empty("key");
        if let Some(why) = deprecated(label) {
            warnings.push(format!("{}: {label} is {why}", path.child("key")));
        }
        if !with_values {
            continue;
        }
        let path = path.child("values");
        for (index, value) in expression.items("values").iter().enumerate() {
            let value = value.as_str().unwrap_or_default();
            for why in names::label_value(value) {
                warnings.push(format!("{}: {value} is invalid, {why}", path.index(index)));
            }
        }
    }
}
