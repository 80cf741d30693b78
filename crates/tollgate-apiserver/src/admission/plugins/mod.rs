//! The plugins, a file each.

pub(super) mod certificates;
pub(super) mod default_ingress_class;
pub(super) mod default_storage_class;
pub(super) mod default_toleration_seconds;
pub(super) mod limit_ranger;
pub(super) mod namespace_lifecycle;
pub(super) mod node_restriction;
pub(super) mod persistent_volume_claim_resize;
pub(super) mod pod_resize_validator;
pub(super) mod pod_security;
pub(super) mod pod_security_policy;
pub(super) mod priority;
mod request_name;
pub(super) mod runtime_class;
pub(super) mod service_account;
pub(super) mod storage_object_in_use_protection;
pub(super) mod taint_nodes_by_condition;
pub(super) mod validating_admission_policy;
