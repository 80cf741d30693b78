//! The tables from kinds to what validates their updates.

use super::{
    Options, config_map, custom_resource_definition, daemon_set, deployment, job, namespace, replica_set, role, role_binding,
    secret, service, service_account, stateful_set,
};
use tollgate_api::field::Errors;
use tollgate_api::{GroupVersionKind, Value};

const RBAC: &str = "rbac.authorization.k8s.io";

type ValidateUpdate = fn(&Value, &Value, &Options, &mut Errors);

/// Group, kind, and what validates its update, whatever the version.
const UPDATES: &[(&str, &str, ValidateUpdate)] = &[
    ("", "ConfigMap", config_map::validate_update),
    ("", "Namespace", namespace::validate_update),
    ("", "Secret", secret::validate_update),
    ("", "Service", service::validate_update),
    ("", "ServiceAccount", service_account::validate_update),
    (
        "",
        "ReplicationController",
        replica_set::validate_controller_update,
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        custom_resource_definition::validate_update,
    ),
    ("apps", "DaemonSet", daemon_set::validate_update),
    ("apps", "Deployment", deployment::validate_update),
    ("apps", "ReplicaSet", replica_set::validate_update),
    ("apps", "StatefulSet", stateful_set::validate_update),
    ("batch", "Job", job::validate_update),
    (RBAC, "ClusterRole", role::validate_cluster_update),
    (
        RBAC,
        "ClusterRoleBinding",
        role_binding::validate_cluster_update,
    ),
    (RBAC, "Role", role::validate_update),
    (RBAC, "RoleBinding", role_binding::validate_update),
];

/// Group, kind, and what validates an update of its `status`.
const STATUS_UPDATES: &[(&str, &str, ValidateUpdate)] = &[
    ("", "Namespace", namespace::validate_status_update),
    ("", "Service", service::validate_status_update),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        custom_resource_definition::validate_status_update,
    ),
    ("apps", "ReplicaSet", replica_set::validate_status_update),
];

/// Whether there are rules for updates of `kind`, or of its `status`, which then hold its metadata, too.
pub fn validates_update(kind: &GroupVersionKind, of_status: bool) -> bool {
    let table = if of_status { STATUS_UPDATES } else { UPDATES };
    table
        .iter()
        .any(|(group, name, _)| kind.kind == *name && kind.group == *group)
}

/// The field errors of what an object becomes by an update.
///
/// `new` is prepared by [`crate::strategy::prepare_for_update`] and carries a resourceVersion.
pub fn validate_update(
    kind: &GroupVersionKind,
    new: &Value,
    old: &Value,
    options: &Options,
) -> Errors {
    run(UPDATES, kind, new, old, options)
}

/// The field errors of what an object becomes by an update of its `status`.
pub fn validate_status_update(
    kind: &GroupVersionKind,
    new: &Value,
    old: &Value,
    options: &Options,
) -> Errors {
    run(STATUS_UPDATES, kind, new, old, options)
}

fn run(
    table: &[(&str, &str, ValidateUpdate)],
    kind: &GroupVersionKind,
    new: &Value,
    old: &Value,
    options: &Options,
) -> Errors {
    let mut errors = Errors::new();
    let entry = table
        .iter()
        .find(|(group, name, _)| kind.kind == *name && kind.group == *group);
    if let Some((_, _, validate)) = entry {
        validate(new, old, options, &mut errors);
    }
    errors
}
