//! `CrossNamespacePodAffinity`: pods whose affinity or anti-affinity looks at pods of other namespaces.

use tollgate_api::Value;

pub(super) fn looks_elsewhere(pod: &Value) -> bool {
    let Some(affinity) = pod.at(&["spec", "affinity"]) else {
        return false;
    };
    ["podAffinity", "podAntiAffinity"]
        .iter()
        .filter_map(|kind| affinity.get(kind))
        .any(|affinity| {
            let required = affinity.items("requiredDuringSchedulingIgnoredDuringExecution");
            let preferred = affinity.items("preferredDuringSchedulingIgnoredDuringExecution");
            required.iter().any(term_looks_elsewhere)
                || preferred
                    .iter()
                    .filter_map(|weighted| weighted.get("podAffinityTerm"))
                    .any(term_looks_elsewhere)
        })
}

/// An empty selector means all namespaces; only an absent one means the pod's own.
fn term_looks_elsewhere(term: &Value) -> bool {
    !term.items("namespaces").is_empty() || term.get("namespaceSelector").is_some()
}
