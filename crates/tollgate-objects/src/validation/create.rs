//! The one table from kinds to what validates them when they are created.

use super::{
    Options, admission_policy, api_service, certificate_signing_request, config_map,
    controller_revision, cron_job, csi, custom_resource_definition, daemon_set, deployment,
    endpoint_slice, endpoints, event, flow_control, horizontal_pod_autoscaler, ingress,
    ingress_class, job, lease, limit_range, namespace, network_policy, node, persistent_volume,
    persistent_volume_claim, pod, pod_disruption_budget, pod_security_policy, pod_template,
    priority_class, replica_set, resource_claim, resource_quota, resource_slice, role,
    role_binding, runtime_class, secret, service, service_account, service_cidr, stateful_set,
    storage_class, volume_attachment, webhook_configuration,
};
use tollgate_api::field::Errors;
use tollgate_api::{GroupVersionKind, Value};

const ADMISSION: &str = "admissionregistration.k8s.io";
const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const RESOURCE: &str = "resource.k8s.io";
const STORAGE: &str = "storage.k8s.io";

type Validate = fn(&Value, &Options, &mut Errors);

/// Group, kind, and what validates it, whatever the version.
const KINDS: &[(&str, &str, Validate)] = &[
    ("", "Event", event::validate_core_create),
    ("", "Endpoints", endpoints::validate_create),
    ("", "Node", node::validate_create),
    ("", "PersistentVolume", persistent_volume::validate_create),
    ("", "PodTemplate", pod_template::validate_create),
    (
        ADMISSION,
        "MutatingAdmissionPolicy",
        admission_policy::validate_mutating_create,
    ),
    (
        ADMISSION,
        "MutatingAdmissionPolicyBinding",
        admission_policy::validate_mutating_binding_create,
    ),
    (
        ADMISSION,
        "MutatingWebhookConfiguration",
        webhook_configuration::validate_create,
    ),
    (
        ADMISSION,
        "ValidatingAdmissionPolicy",
        admission_policy::validate_create,
    ),
    (
        ADMISSION,
        "ValidatingAdmissionPolicyBinding",
        admission_policy::validate_binding_create,
    ),
    (
        ADMISSION,
        "ValidatingWebhookConfiguration",
        webhook_configuration::validate_create,
    ),
    (
        "apiregistration.k8s.io",
        "APIService",
        api_service::validate_create,
    ),
    (
        "apps",
        "ControllerRevision",
        controller_revision::validate_create,
    ),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        horizontal_pod_autoscaler::validate_create,
    ),
    ("batch", "CronJob", cron_job::validate_create),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        certificate_signing_request::validate_create,
    ),
    ("coordination.k8s.io", "Lease", lease::validate_create),
    (
        "discovery.k8s.io",
        "EndpointSlice",
        endpoint_slice::validate_create,
    ),
    ("events.k8s.io", "Event", event::validate_create),
    (
        FLOW_CONTROL,
        "FlowSchema",
        flow_control::validate_schema_create,
    ),
    (
        FLOW_CONTROL,
        "PriorityLevelConfiguration",
        flow_control::validate_level_create,
    ),
    (
        NETWORKING,
        "IPAddress",
        service_cidr::validate_address_create,
    ),
    (NETWORKING, "Ingress", ingress::validate_create),
    (NETWORKING, "IngressClass", ingress_class::validate_create),
    (NETWORKING, "NetworkPolicy", network_policy::validate_create),
    (NETWORKING, "ServiceCIDR", service_cidr::validate_create),
    (
        "node.k8s.io",
        "RuntimeClass",
        runtime_class::validate_create,
    ),
    (
        "policy",
        "PodDisruptionBudget",
        pod_disruption_budget::validate_create,
    ),
    (
        RESOURCE,
        "DeviceClass",
        resource_claim::validate_class_create,
    ),
    (RESOURCE, "ResourceClaim", resource_claim::validate_create),
    (
        RESOURCE,
        "ResourceClaimTemplate",
        resource_claim::validate_template_create,
    ),
    (RESOURCE, "ResourceSlice", resource_slice::validate_create),
    (STORAGE, "CSIDriver", csi::validate_driver_create),
    (STORAGE, "CSINode", csi::validate_node_create),
    (STORAGE, "CSIStorageCapacity", csi::validate_capacity_create),
    (STORAGE, "StorageClass", storage_class::validate_create),
    (
        STORAGE,
        "VolumeAttachment",
        volume_attachment::validate_create,
    ),
    (
        STORAGE,
        "VolumeAttributesClass",
        storage_class::validate_attributes_create,
    ),
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
