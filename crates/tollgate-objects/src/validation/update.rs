//! The tables from kinds to what validates their updates.

use super::{
    Options, admission_policy, api_service, certificate_signing_request, config_map,
    controller_revision, cron_job, csi, custom_resource_definition, daemon_set, deployment,
    endpoint_slice, endpoints, event, flow_control, horizontal_pod_autoscaler, ingress,
    ingress_class, job, lease, limit_range, namespace, network_policy, node, persistent_volume,
    persistent_volume_claim, pod, pod_disruption_budget, pod_template, priority_class, replica_set,
    resource_claim, resource_quota, resource_slice, role, role_binding, runtime_class, secret,
    service, service_account, service_cidr, stateful_set, storage_class, volume_attachment,
    webhook_configuration, workload_status,
};
use tollgate_api::field::Errors;
use tollgate_api::{GroupVersionKind, Value};

const ADMISSION: &str = "admissionregistration.k8s.io";
const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const RESOURCE: &str = "resource.k8s.io";
const STORAGE: &str = "storage.k8s.io";

type ValidateUpdate = fn(&Value, &Value, &Options, &mut Errors);

/// Group, kind, and what validates its update, whatever the version.
const UPDATES: &[(&str, &str, ValidateUpdate)] = &[
    ("", "Pod", pod::validate_update),
    (
        "",
        "PersistentVolumeClaim",
        persistent_volume_claim::validate_update,
    ),
    ("", "Event", event::validate_core_update),
    ("", "Endpoints", endpoints::validate_update),
    ("", "Node", node::validate_update),
    ("", "PersistentVolume", persistent_volume::validate_update),
    ("", "PodTemplate", pod_template::validate_update),
    (
        ADMISSION,
        "MutatingAdmissionPolicy",
        admission_policy::validate_mutating_update,
    ),
    (
        ADMISSION,
        "MutatingAdmissionPolicyBinding",
        admission_policy::validate_mutating_binding_update,
    ),
    (
        ADMISSION,
        "MutatingWebhookConfiguration",
        webhook_configuration::validate_update,
    ),
    (
        ADMISSION,
        "ValidatingAdmissionPolicy",
        admission_policy::validate_update,
    ),
    (
        ADMISSION,
        "ValidatingAdmissionPolicyBinding",
        admission_policy::validate_binding_update,
    ),
    (
        ADMISSION,
        "ValidatingWebhookConfiguration",
        webhook_configuration::validate_update,
    ),
    (
        "apiregistration.k8s.io",
        "APIService",
        api_service::validate_update,
    ),
    (
        "apps",
        "ControllerRevision",
        controller_revision::validate_update,
    ),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        horizontal_pod_autoscaler::validate_update,
    ),
    ("batch", "CronJob", cron_job::validate_update),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        certificate_signing_request::validate_update,
    ),
    ("coordination.k8s.io", "Lease", lease::validate_update),
    (
        "discovery.k8s.io",
        "EndpointSlice",
        endpoint_slice::validate_update,
    ),
    ("events.k8s.io", "Event", event::validate_update),
    (
        FLOW_CONTROL,
        "FlowSchema",
        flow_control::validate_schema_update,
    ),
    (
        FLOW_CONTROL,
        "PriorityLevelConfiguration",
        flow_control::validate_level_update,
    ),
    (
        NETWORKING,
        "IPAddress",
        service_cidr::validate_address_update,
    ),
    (NETWORKING, "Ingress", ingress::validate_update),
    (NETWORKING, "IngressClass", ingress_class::validate_update),
    (NETWORKING, "NetworkPolicy", network_policy::validate_update),
    (NETWORKING, "ServiceCIDR", service_cidr::validate_update),
    (
        "node.k8s.io",
        "RuntimeClass",
        runtime_class::validate_update,
    ),
    (
        "policy",
        "PodDisruptionBudget",
        pod_disruption_budget::validate_update,
    ),
    (
        RESOURCE,
        "DeviceClass",
        resource_claim::validate_class_update,
    ),
    (RESOURCE, "ResourceClaim", resource_claim::validate_update),
    (
        RESOURCE,
        "ResourceClaimTemplate",
        resource_claim::validate_template_update,
    ),
    (RESOURCE, "ResourceSlice", resource_slice::validate_update),
    (STORAGE, "CSIDriver", csi::validate_driver_update),
    (STORAGE, "CSINode", csi::validate_node_update),
    (STORAGE, "CSIStorageCapacity", csi::validate_capacity_update),
    (STORAGE, "StorageClass", storage_class::validate_update),
    (
        STORAGE,
        "VolumeAttachment",
        volume_attachment::validate_update,
    ),
    (
        STORAGE,
        "VolumeAttributesClass",
        storage_class::validate_attributes_update,
    ),
    ("", "LimitRange", |new, _, _, errors| {
        errors.extend(limit_range::validate(new));
    }),
    ("", "ResourceQuota", |new, old, _, errors| {
        errors.extend(resource_quota::validate_update(new, old));
    }),
    (
        "scheduling.k8s.io",
        "PriorityClass",
        |new, old, _, errors| {
            errors.extend(priority_class::validate_update(new, old));
        },
    ),
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
    (
        "",
        "PersistentVolumeClaim",
        persistent_volume_claim::validate_status_update,
    ),
    ("", "Node", node::validate_status_update),
    (
        "",
        "ReplicationController",
        replica_set::validate_status_update,
    ),
    ("apps", "DaemonSet", workload_status::validate_daemon_set),
    ("apps", "Deployment", workload_status::validate_deployment),
    (
        "apps",
        "StatefulSet",
        workload_status::validate_stateful_set,
    ),
    ("", "Pod", pod::validate_status_update),
    ("", "ResourceQuota", |new, old, _, errors| {
        errors.extend(resource_quota::validate_status_update(new, old));
    }),
    (
        "",
        "PersistentVolume",
        persistent_volume::validate_status_update,
    ),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        horizontal_pod_autoscaler::validate_status_update,
    ),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        certificate_signing_request::validate_status_update,
    ),
    (NETWORKING, "Ingress", ingress::validate_status_update),
    (
        "policy",
        "PodDisruptionBudget",
        pod_disruption_budget::validate_status_update,
    ),
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

/// The field errors of what an object becomes by an update through a subresource that changes a part of its own, such
/// as `ephemeralcontainers` of pods; none for other subresources.
pub fn validate_subresource_update(
    kind: &GroupVersionKind,
    subresource: &str,
    new: &Value,
    old: &Value,
    options: &Options,
) -> Option<Errors> {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pod::validate_subresource_update(subresource, new, old, options),
        ("certificates.k8s.io", "CertificateSigningRequest") if subresource == "approval" => {
            let mut errors = Errors::new();
            certificate_signing_request::validate_approval_update(new, old, options, &mut errors);
            Some(errors)
        }
        _ => None,
    }
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
