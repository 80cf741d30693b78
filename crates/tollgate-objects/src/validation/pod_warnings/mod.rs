//! Warnings about pods that are accepted: `GetWarningsForPod`, `GetWarningsForPodTemplate`.
//!
//! The pod must have its defaults. A warning is one line of text, as a client sees it behind `Warning:`.

mod containers;
mod ip;
pub(crate) mod node_labels;
mod overlaps;
mod pod_ports;
mod volumes;

use super::pod::visit_containers;
use tollgate_api::field::Path;
use tollgate_api::go_format::{list, quote};
use tollgate_api::{Quantity, Value, names};

/// What a server warns about when a pod is created (`WarningsOnCreate`).
pub fn on_create(pod: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    let name = pod
        .get("metadata")
        .map(|metadata| metadata.str_or_empty("name"));
    let messages = names::dns1123_label(name.unwrap_or_default());
    if !messages.is_empty() {
        warnings.push(format!(
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: {}",
            list(&messages)
        ));
    }
    warnings.extend(of_pod(pod));
    warnings
}

/// What is doubtful in the spec and the annotations of a pod (`GetWarningsForPod`).
pub fn of_pod(pod: &Value) -> Vec<String> {
    let root = Path::root("");
    of_spec_and_metadata(pod, &root, Owner::Pod)
}

/// The same of the pod template at `path` (`GetWarningsForPodTemplate`).
pub fn of_template(template: &Value, path: &Path<'_>) -> Vec<String> {
    of_spec_and_metadata(template, path, Owner::Template)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Pod,
    Template,
}

fn of_spec_and_metadata(owner: &Value, path: &Path<'_>, sort: Owner) -> Vec<String> {
    let spec = owner.get("spec").unwrap_or(&Value::Null);
    let metadata = owner.get("metadata").unwrap_or(&Value::Null);
    let path_of_spec = path.child("spec");
    let annotations_path = path.child("metadata.annotations");
    let mut warnings = Vec::new();
    node_labels::collect(spec, &path_of_spec, &mut warnings);
    deprecated_annotations(metadata, &annotations_path, &mut warnings);
    volumes::collect(spec, &path_of_spec.child("volumes"), &mut warnings);
    overlaps::collect(spec, &mut warnings);
    repeated(spec, &path_of_spec, &mut warnings);
    fractional(
        spec.get("overhead"),
        &path_of_spec.child("overhead"),
        &mut warnings,
    );
    pod_seccomp(spec, metadata, &annotations_path, &mut warnings);
    visit_containers(spec, &path_of_spec, |container, path| {
        containers::seccomp(container, metadata, &annotations_path, &mut warnings);
        if sort == Owner::Template {
            // A pod is warned about this when its fields are filled in from its annotations.
            containers::app_armor(container, spec, metadata, &annotations_path, &mut warnings);
        }
        containers::collect(container, path, &mut warnings);
    });
    pod_ports::collect(spec, &path_of_spec, &mut warnings);
    if sort == Owner::Template {
        negative_grace_period(spec, &path_of_spec, &mut warnings);
    }
    null_selectors(spec, &path_of_spec.child("affinity"), &mut warnings);
    ip::collect(spec, &path_of_spec, &mut warnings);
    warnings
}

/// Whether there is such an annotation, whatever its value.
fn has_annotation(metadata: &Value, key: &str) -> bool {
    metadata
        .get("annotations")
        .and_then(Value::as_object)
        .is_some_and(|annotations| annotations.get_or_null(key).is_some())
}

fn deprecated_annotations(metadata: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    for (key, message) in [
        (
            "scheduler.alpha.kubernetes.io/critical-pod",
            "non-functional in v1.16+; use the \"priorityClassName\" field instead",
        ),
        (
            "security.alpha.kubernetes.io/sysctls",
            "non-functional in v1.11+; use the \"sysctls\" field instead",
        ),
        (
            "security.alpha.kubernetes.io/unsafe-sysctls",
            "non-functional in v1.11+; use the \"sysctls\" field instead",
        ),
    ] {
        if has_annotation(metadata, key) {
            warnings.push(format!("{}: {message}", path.key(key)));
        }
    }
}

/// Addresses and secrets that stand there twice, and secrets without a name.
fn repeated(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    for (field, key, sort) in [
        ("hostAliases", "ip", "ip"),
        ("imagePullSecrets", "name", "name"),
    ] {
        let path = path.child(field);
        let entries = spec.items(field);
        for (index, entry) in entries.iter().enumerate() {
            let text = entry.str_or_empty(key);
            let seen = |other: &Value| other.str_or_empty(key) == text;
            if entries.iter().take(index).any(seen) {
                warnings.push(format!(
                    "{}: duplicate {sort} {}",
                    path.index(index).child(key),
                    quote(text)
                ));
            }
        }
    }
    let path = path.child("imagePullSecrets");
    for (index, secret) in spec.items("imagePullSecrets").iter().enumerate() {
        if secret.str_or_empty("name").is_empty() {
            warnings.push(format!(
                "{}: invalid empty name \"\"",
                path.index(index).child("name")
            ));
        }
    }
}

/// Bytes come whole.
fn fractional(list: Option<&Value>, path: &Path<'_>, warnings: &mut Vec<String>) {
    for name in ["memory", "ephemeral-storage"] {
        fractional_amount(list, name, path, warnings);
    }
}

pub(crate) fn fractional_amount(
    list: Option<&Value>,
    name: &str,
    path: &Path<'_>,
    warnings: &mut Vec<String>,
) {
    let amount = list
        .and_then(|list| list.get(name))
        .and_then(|amount| Quantity::from_value(amount).ok());
    if let Some(amount) = amount
        && amount.milli_value().wrapping_rem(1000) != 0
    {
        warnings.push(format!(
            "{}: fractional byte value {} is invalid, must be an integer",
            path.key(name),
            quote(&amount.to_string())
        ));
    }
}

fn pod_seccomp(spec: &Value, metadata: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    const KEY: &str = "seccomp.security.alpha.kubernetes.io/pod";
    let has_field = spec.at(&["securityContext", "seccompProfile"]).is_some();
    if !has_field && has_annotation(metadata, KEY) {
        warnings.push(format!("{}: {}", path.key(KEY), containers::SECCOMP));
    }
}

/// Templates alone: the conversion of pods makes 1 of it.
fn negative_grace_period(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    const FIELD: &str = "terminationGracePeriodSeconds";
    if spec.int(FIELD).is_some_and(|seconds| seconds < 0) {
        warnings.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            path.child(FIELD)
        ));
    }
}

/// A selector that is absent selects nothing, which is rarely meant.
fn null_selectors(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let Some(affinity) = spec.get("affinity") else {
        return;
    };
    for field in ["podAffinity", "podAntiAffinity"] {
        let Some(terms) = affinity.get(field) else {
            continue;
        };
        let path = path.child(field);
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        let required_path = path.child(required);
        for (index, term) in terms.items(required).iter().enumerate() {
            null_selector(term, &required_path.index(index), warnings);
        }
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        let path = path.child(preferred);
        for (index, weighted) in terms.items(preferred).iter().enumerate() {
            let term = weighted.get("podAffinityTerm").unwrap_or(&Value::Null);
            let path = path.index(index);
            null_selector(term, &path.child("podAffinityTerm"), warnings);
        }
    }
}

fn null_selector(holder: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    if holder.get("labelSelector").is_none() {
        warnings.push(format!(
            "{}: a null labelSelector results in matching no pod",
            path.child("labelSelector")
        ));
    }
}

#[cfg(test)]
mod tests;
