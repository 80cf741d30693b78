//! The security context of a pod: `validatePodSpecSecurityContext`.

use super::{profiles, sysctls, windows_options};
use crate::validation::numbers::{id, listed_id};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Validates `securityContext` of the pod spec, and what Go's internal types keep with it.
pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let context = spec.get("securityContext").unwrap_or(&Value::Null);
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(context, field, path, errors);
    }
    let groups_path = path.child("supplementalGroups");
    for (index, group) in context.items("supplementalGroups").iter().enumerate() {
        listed_id(group, &groups_path.index(index), errors);
    }
    if spec.bool("shareProcessNamespace") == Some(true) && spec.bool("hostPID") == Some(true) {
        errors.push(Error::invalid(
            &path.child("shareProcessNamespace"),
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        ));
    }
    sysctls::validate(context, spec, &path.child("sysctls"), errors);
    one_of(
        context,
        "fsGroupChangePolicy",
        &["Always", "OnRootMismatch"],
        path,
        errors,
    );
    profiles::seccomp(context, &path.child("seccompProfile"), errors);
    windows_options::validate(context, &path.child("windowsOptions"), errors);
    profiles::app_armor(context, &path.child("appArmorProfile"), errors);
    one_of(
        context,
        "supplementalGroupsPolicy",
        &["Merge", "Strict"],
        path,
        errors,
    );
    // `MountOption` is behind a gate that is off in 1.36.
    one_of(context, "seLinuxChangePolicy", &["Recursive"], path, errors);
}

fn one_of(
    context: &Value,
    field: &'static str,
    supported: &[&str],
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if let Some(value) = context
        .str(field)
        .filter(|value| !supported.contains(value))
    {
        errors.push(Error::not_supported(&path.child(field), value, supported));
    }
}
