//! API defaulting: what `SetDefaults_*` does, kind by kind, in place.
//!
//! [`set_defaults`] looks the kind up in [`KINDS`]; a kind that is not in there has no defaults. One kind, one file;
//! what pods and pod templates share is in [`pod_spec`]. Defaulting is idempotent, and leaves alone what has a wrong
//! type: decoding reports that.
//!
//! ```
//! use tollgate_api::GroupVersionKind;
//! let mut deployment = tollgate_api::json::from_str(r#"{"spec":{"template":{}}}"#).unwrap();
//! tollgate_objects::defaults::set_defaults(&GroupVersionKind::new("apps/v1", "Deployment"), &mut deployment);
//! assert_eq!(deployment.at(&["spec", "replicas"]).unwrap().as_i64(), Some(1));
//! ```

pub mod admission_policy;
pub mod api_service;
mod container;
pub mod cron_job;
pub mod csi_driver;
pub mod custom_resource_definition;
pub mod daemon_set;
pub mod deployment;
pub mod endpoints;
mod env;
pub mod flow_control;
pub mod horizontal_pod_autoscaler;
mod image;
pub mod ingress_class;
pub mod job;
mod labels;
pub mod limit_range;
pub mod namespace;
pub mod network_policy;
pub mod node;
pub mod persistent_volume;
pub mod persistent_volume_claim;
pub mod pod;
mod pod_level_resources;
pub mod pod_security_policy;
pub mod pod_spec;
pub mod pod_template;
pub mod priority_class;
mod probe;
pub mod replica_set;
pub mod replication_controller;
pub mod resource_claim;
mod resource_list;
pub mod resource_quota;
pub mod role_binding;
pub mod secret;
pub mod service;
mod set;
pub mod stateful_set;
pub mod storage_class;
mod volume;
pub mod webhook_configuration;

use tollgate_api::{GroupVersionKind, Value};

/// How the defaults of a kind are set.
#[derive(Debug, Clone, Copy)]
pub struct KindDefaults {
    /// The API group.
    pub group: &'static str,
    /// The version, where it matters; else empty.
    pub version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// Sets the defaults of an object of the kind.
    pub set_defaults: fn(&mut Value),
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";

/// Every kind that has defaults. Of several entries for a kind the first counts.
#[rustfmt::skip]
pub const KINDS: &[KindDefaults] = &[
    of("", "", "Pod", pod::set_defaults),
    of("", "", "ReplicationController", replication_controller::set_defaults),
    of("", "", "PodTemplate", pod_template::set_defaults),
    of("", "", "Service", service::set_defaults),
    of("", "", "Endpoints", endpoints::set_defaults),
    of("", "", "PersistentVolumeClaim", persistent_volume_claim::set_defaults),
    of("", "", "PersistentVolume", persistent_volume::set_defaults),
    of("", "", "Secret", secret::set_defaults),
    of("", "", "Namespace", namespace::set_defaults),
    of("", "", "Node", node::set_defaults),
    of("", "", "ResourceQuota", resource_quota::set_defaults),
    of("", "", "LimitRange", limit_range::set_defaults),
    of("apps", "", "Deployment", deployment::set_defaults),
    of("apps", "", "ReplicaSet", replica_set::set_defaults),
    of("apps", "", "StatefulSet", stateful_set::set_defaults),
    of("apps", "", "DaemonSet", daemon_set::set_defaults),
    of("extensions", "", "Deployment", deployment::set_defaults_extensions),
    of("extensions", "", "ReplicaSet", replica_set::set_defaults_extensions),
    of("extensions", "", "DaemonSet", daemon_set::set_defaults_extensions),
    of("extensions", "", "PodSecurityPolicy", pod_security_policy::set_defaults),
    of("extensions", "", "NetworkPolicy", network_policy::set_defaults),
    of("batch", "", "Job", job::set_defaults),
    of("batch", "", "CronJob", cron_job::set_defaults),
    of("autoscaling", "v1", "HorizontalPodAutoscaler", horizontal_pod_autoscaler::set_defaults_v1),
    of("autoscaling", "", "HorizontalPodAutoscaler", horizontal_pod_autoscaler::set_defaults),
    of("networking.k8s.io", "", "NetworkPolicy", network_policy::set_defaults),
    of("networking.k8s.io", "", "IngressClass", ingress_class::set_defaults),
    of("policy", "", "PodSecurityPolicy", pod_security_policy::set_defaults),
    of("scheduling.k8s.io", "", "PriorityClass", priority_class::set_defaults),
    of(RBAC, "", "RoleBinding", role_binding::set_defaults),
    of(RBAC, "", "ClusterRoleBinding", role_binding::set_defaults),
    of("storage.k8s.io", "", "StorageClass", storage_class::set_defaults),
    of("storage.k8s.io", "", "CSIDriver", csi_driver::set_defaults),
    of("discovery.k8s.io", "", "EndpointSlice", endpoints::set_slice_defaults),
    of("resource.k8s.io", "", "ResourceClaim", resource_claim::set_defaults),
    of("resource.k8s.io", "", "ResourceClaimTemplate", resource_claim::set_template_defaults),
    of(ADMISSION, "", "ValidatingWebhookConfiguration", webhook_configuration::set_defaults),
    of(ADMISSION, "", "MutatingWebhookConfiguration", webhook_configuration::set_mutating_defaults),
    of(ADMISSION, "", "ValidatingAdmissionPolicy", admission_policy::set_defaults),
    of(ADMISSION, "", "MutatingAdmissionPolicy", admission_policy::set_defaults),
    of(ADMISSION, "", "ValidatingAdmissionPolicyBinding", admission_policy::set_binding_defaults),
    of(ADMISSION, "", "MutatingAdmissionPolicyBinding", admission_policy::set_binding_defaults),
    of(FLOW_CONTROL, "", "FlowSchema", flow_control::set_schema_defaults),
    of(FLOW_CONTROL, "v1beta1", "PriorityLevelConfiguration", flow_control::set_level_defaults_v1beta2),
    of(FLOW_CONTROL, "v1beta2", "PriorityLevelConfiguration", flow_control::set_level_defaults_v1beta2),
    of(FLOW_CONTROL, "", "PriorityLevelConfiguration", flow_control::set_level_defaults),
    of("apiextensions.k8s.io", "", "CustomResourceDefinition", custom_resource_definition::set_defaults),
    of("apiregistration.k8s.io", "", "APIService", api_service::set_defaults),
];

const fn of(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    set_defaults: fn(&mut Value),
) -> KindDefaults {
    KindDefaults {
        group,
        version,
        kind,
        set_defaults,
    }
}

/// Sets the defaults of an object of `kind`; does nothing for a kind without any.
pub fn set_defaults(kind: &GroupVersionKind, object: &mut Value) {
    let found = KINDS.iter().find(|known| {
        known.kind == kind.kind
            && known.group == kind.group
            && (known.version.is_empty() || known.version == kind.version)
    });
    if let Some(known) = found {
        (known.set_defaults)(object);
    }
}

#[cfg(test)]
mod tests;
