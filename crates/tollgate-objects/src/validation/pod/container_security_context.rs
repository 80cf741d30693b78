//! The security context of a container: `ValidateSecurityContext`.

use super::{Scope, profiles, windows_options};
use crate::validation::go_values::{nullable, object, pointer, text};
use crate::validation::numbers::id;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Validates `securityContext` of a container, if it is set.
pub(super) fn validate(container: &Value, scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let Some(context) = container.get("securityContext") else {
        return;
    };
    let privileged = context.bool("privileged") == Some(true);
    if privileged && !scope.options.allow_privileged {
        errors.push(Error::forbidden(
            &path.child("privileged"),
            "disallowed by cluster policy",
        ));
    }
    for field in ["runAsUser", "runAsGroup"] {
        id(context, field, path, errors);
    }
    if let Some(proc_mount) = context.str("procMount") {
        let path = path.child("procMount");
        if !matches!(proc_mount, "Default" | "Unmasked") {
            errors.push(Error::not_supported(
                &path,
                proc_mount,
                &["Default", "Unmasked"],
            ));
        }
        if proc_mount == "Unmasked" && scope.host_users() {
            errors.push(Error::invalid(
                &path,
                proc_mount,
                "`hostUsers` must be false to use `Unmasked`",
            ));
        }
    }
    profiles::seccomp(context, &path.child("seccompProfile"), errors);
    if context.bool("allowPrivilegeEscalation") == Some(false) {
        without_escalation(context, privileged, path, errors);
    }
    windows_options::validate(context, &path.child("windowsOptions"), errors);
    profiles::app_armor(context, &path.child("appArmorProfile"), errors);
}

/// Who must not escalate must not have everything already.
fn without_escalation(context: &Value, privileged: bool, path: &Path<'_>, errors: &mut Errors) {
    if privileged {
        errors.push(Error::invalid(
            path,
            printed(context),
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        ));
    }
    let added = context.get("capabilities");
    for capability in added.map(|list| list.items("add")).unwrap_or_default() {
        if capability.as_str() == Some("CAP_SYS_ADMIN") {
            errors.push(Error::invalid(
                path,
                printed(context),
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
            ));
        }
    }
}

/// The whole context, as Go's internal type prints.
fn printed(context: &Value) -> Value {
    object([
        (
            "Capabilities",
            pointer(context, "capabilities", |capabilities| {
                object([
                    ("Add", nullable(capabilities, "add")),
                    ("Drop", nullable(capabilities, "drop")),
                ])
            }),
        ),
        ("Privileged", nullable(context, "privileged")),
        (
            "SELinuxOptions",
            pointer(context, "seLinuxOptions", |options| {
                object([
                    ("User", text(options, "user")),
                    ("Role", text(options, "role")),
                    ("Type", text(options, "type")),
                    ("Level", text(options, "level")),
                ])
            }),
        ),
        (
            "WindowsOptions",
            pointer(context, "windowsOptions", windows_options::printed),
        ),
        ("RunAsUser", nullable(context, "runAsUser")),
        ("RunAsGroup", nullable(context, "runAsGroup")),
        ("RunAsNonRoot", nullable(context, "runAsNonRoot")),
        (
            "ReadOnlyRootFilesystem",
            nullable(context, "readOnlyRootFilesystem"),
        ),
        (
            "AllowPrivilegeEscalation",
            nullable(context, "allowPrivilegeEscalation"),
        ),
        ("ProcMount", nullable(context, "procMount")),
        (
            "SeccompProfile",
            pointer(context, "seccompProfile", profiles::printed),
        ),
        (
            "AppArmorProfile",
            pointer(context, "appArmorProfile", profiles::printed),
        ),
    ])
}
