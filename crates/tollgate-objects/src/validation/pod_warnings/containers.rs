//! Single containers: old annotations, fractions of bytes, variables that hide one another.

use super::{fractional_amount, has_annotation};
use tollgate_api::Value;
use tollgate_api::field::Path;
use tollgate_api::go_format::quote;

/// What is said of a seccomp annotation.
pub(super) const SECCOMP: &str =
    "non-functional in v1.27+; use the \"seccompProfile\" field instead";

pub(super) fn seccomp(
    container: &Value,
    metadata: &Value,
    path: &Path<'_>,
    warnings: &mut Vec<String>,
) {
    if container
        .at(&["securityContext", "seccompProfile"])
        .is_some()
        || metadata.get("annotations").is_none()
    {
        return;
    }
    let key = format!(
        "container.seccomp.security.alpha.kubernetes.io/{}",
        container.str_or_empty("name")
    );
    if has_annotation(metadata, &key) {
        warnings.push(format!("{}: {SECCOMP}", path.key(&key)));
    }
}

pub(super) fn app_armor(
    container: &Value,
    spec: &Value,
    metadata: &Value,
    path: &Path<'_>,
    warnings: &mut Vec<String>,
) {
    let has_field = [container, spec]
        .into_iter()
        .any(|holder| holder.at(&["securityContext", "appArmorProfile"]).is_some());
    if has_field || metadata.get("annotations").is_none() {
        return;
    }
    let key = format!(
        "container.apparmor.security.beta.kubernetes.io/{}",
        container.str_or_empty("name")
    );
    if has_annotation(metadata, &key) {
        warnings.push(format!(
            "{}: deprecated since v1.30; use the \"appArmorProfile\" field instead",
            path.key(&key)
        ));
    }
}

pub(super) fn collect(container: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    let resources_path = path.child("resources");
    for name in ["memory", "ephemeral-storage"] {
        for list in ["limits", "requests"] {
            fractional_amount(
                container.at(&["resources", list]),
                name,
                &resources_path.child(list),
                warnings,
            );
        }
    }
    let path = path.child("env");
    let variables = container.items("env");
    for (index, variable) in variables.iter().enumerate() {
        let name = variable.str_or_empty("name");
        let seen = |other: &Value| other.str_or_empty("name") == name;
        if variables.iter().take(index).any(seen) && hides(variable, name) {
            warnings.push(format!(
                "{}: hides previous definition of {}, which may be dropped when using apply",
                path.index(index),
                quote(name)
            ));
        }
    }
}

/// Whether the value before is lost: it is not, if the new value is made of it and of something else.
fn hides(variable: &Value, name: &str) -> bool {
    let reference = format!("$({name})");
    let value = variable.str_or_empty("value");
    variable.get("valueFrom").is_some() || value == reference || !value.contains(&reference)
}
