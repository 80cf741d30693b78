//! The one table from kinds to what validates them when they are created.

use super::{
    Options, config_map, custom_resource_definition, daemon_set, deployment, job, limit_range, namespace, persistent_volume_claim,
    pod, pod_security_policy, priority_class, replica_set, resource_quota, role, role_binding,
    secret, service, service_account, stateful_set,
};
use tollgate_api::field::Errors;
use tollgate_api::{GroupVersionKind, Value};

const RBAC: &str = "rbac.authorization.k8s.io";

type Validate = fn(&Value, &Options, &mut Errors);

/// Group, kind, and what validates it, whatever the version.
const KINDS: &[(&str, &str, Validate)] = &[
    ("", "ConfigMap", config_map::validate_create),
    ("", "Namespace", namespace::validate_create),
    ("", "Service", service::validate_create),
    ("", "Secret", secret::validate_create),
    ("", "ServiceAccount", service_account::validate_create),
    (
        "",
        "ReplicationController",
        replica_set::validate_controller_create,
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        custom_resource_definition::validate_create,
    ),
    ("apps", "DaemonSet", daemon_set::validate_create),
    ("apps", "Deployment", deployment::validate_create),
    ("apps", "ReplicaSet", replica_set::validate_create),
    ("apps", "StatefulSet", stateful_set::validate_create),
    ("batch", "Job", job::validate_create),
    (RBAC, "ClusterRole", role::validate_cluster_create),
    (
        RBAC,
        "ClusterRoleBinding",
        role_binding::validate_cluster_create,
    ),
    (RBAC, "Role", role::validate_create),
    (RBAC, "RoleBinding", role_binding::validate_create),
    ("", "LimitRange", |object, _, errors| {
        errors.extend(limit_range::validate(object));
    }),
    (
        "",
        "PersistentVolumeClaim",
        persistent_volume_claim::validate_create,
    ),
    ("", "Pod", pod::validate_create),
    ("", "ResourceQuota", |object, _, errors| {
        errors.extend(resource_quota::validate(object));
    }),
    ("extensions", "PodSecurityPolicy", |object, _, errors| {
        errors.extend(pod_security_policy::validate(object));
    }),
    ("policy", "PodSecurityPolicy", |object, _, errors| {
        errors.extend(pod_security_policy::validate(object));
    }),
    ("scheduling.k8s.io", "PriorityClass", |object, _, errors| {
        errors.extend(priority_class::validate(object));
    }),
];

/// Whether there are rules for objects of `kind`, which then hold its metadata, too.
pub fn validates_create(kind: &GroupVersionKind) -> bool {
    KINDS
        .iter()
        .any(|(group, name, _)| kind.kind == *name && kind.group == *group)
}

/// The field errors of a defaulted object that is about to be created; none for kinds that are not in the table.
pub fn validate_create(kind: &GroupVersionKind, object: &Value, options: &Options) -> Errors {
    let mut errors = Errors::new();
    let entry = KINDS
        .iter()
        .find(|(group, name, _)| kind.kind == *name && kind.group == *group);
    if let Some((_, _, validate)) = entry {
        validate(object, options, &mut errors);
    }
    errors
}
