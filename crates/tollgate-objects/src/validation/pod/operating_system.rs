//! Fields that only one operating system knows: `validateOS`, `validateLinux`, `validateWindows`.

use super::{Scope, visit_containers};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const NOT_FOR_LINUX: &str = "windows options cannot be set for a linux pod";
const NOT_FOR_WINDOWS: &str = "cannot be set for a windows pod";

/// Validates `os` and, if a system is named, that the fields go with it.
pub(super) fn validate(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    match scope.operating_system() {
        None => {}
        Some("") => errors.push(Error::required(&path.child("os").child("name"), "")),
        Some("linux") => linux(scope.spec, path, errors),
        Some("windows") => windows(scope.spec, path, errors),
        Some(other) => errors.push(Error::not_supported(
            &path.child("os"),
            other,
            &["linux", "windows"],
        )),
    }
}

fn linux(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut check = |holder: &Value, path: &Path<'_>| {
        if holder.at(&["securityContext", "windowsOptions"]).is_some() {
            errors.push(Error::forbidden(
                &path.child("securityContext.windowsOptions"),
                NOT_FOR_LINUX,
            ));
        }
    };
    check(spec, path);
    visit_containers(spec, path, check);
}

/// Fields of pods that Windows does not know, in upstream's order; those without a dot belong to the security context.
const OF_PODS: &[(&str, Place)] = &[
    ("appArmorProfile", Place::Context),
    ("seLinuxOptions", Place::Context),
    ("hostUsers", Place::Spec),
    ("hostPID", Place::SpecIfTrue),
    ("hostIPC", Place::SpecIfTrue),
    ("seccompProfile", Place::Context),
    ("fsGroup", Place::Context),
    ("fsGroupChangePolicy", Place::Context),
    ("sysctls", Place::ContextIfFilled),
    ("shareProcessNamespace", Place::Spec),
    ("runAsUser", Place::Context),
    ("runAsGroup", Place::Context),
    ("supplementalGroups", Place::Context),
    ("supplementalGroupsPolicy", Place::Context),
    ("seLinuxChangePolicy", Place::Context),
];

/// Where a field stands and when it counts as set.
#[derive(Clone, Copy)]
enum Place {
    Context,
    ContextIfFilled,
    Spec,
    SpecIfTrue,
}

/// Fields of containers that Windows does not know, in upstream's order.
const OF_CONTAINERS: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

fn windows(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let context = spec.get("securityContext").unwrap_or(&Value::Null);
    let context_path = path.child("securityContext");
    for (field, place) in OF_PODS {
        let (is_set, path) = match place {
            Place::Context => (context.get(field).is_some(), &context_path),
            Place::ContextIfFilled => (!context.items(field).is_empty(), &context_path),
            Place::Spec => (spec.get(field).is_some(), path),
            Place::SpecIfTrue => (spec.bool(field) == Some(true), path),
        };
        if is_set {
            errors.push(Error::forbidden(&path.child(field), NOT_FOR_WINDOWS));
        }
    }
    visit_containers(spec, path, |container, path| {
        let Some(context) = container.get("securityContext") else {
            return;
        };
        let path = path.child("securityContext");
        for field in OF_CONTAINERS {
            if context.get(field).is_some() {
                errors.push(Error::forbidden(&path.child(field), NOT_FOR_WINDOWS));
            }
        }
    });
}
