//! Validation: field errors in upstream's words and order, kind by kind.
//!
//! Objects are validated with their defaults, as an API server does. Option flags stand as upstream has them with the
//! default feature gates of 1.36.

mod admission_policy;
mod admission_rules;
mod api_service;
mod certificate_signing_request;
mod config_map;
mod controller_revision;
mod create;
mod cron_job;
mod csi;
pub mod custom_resource_definition;
mod daemon_set;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod event;
mod fields;
mod flow_control;
mod go_struct;
mod go_values;
mod horizontal_pod_autoscaler;
mod ingress;
mod ingress_class;
mod int_or_percent;
pub(crate) mod ip;
mod job;
pub mod label_selector;
mod lease;
pub mod limit_range;
mod namespace;
mod network_policy;
mod node;
mod numbers;
pub mod object_meta;
pub mod object_meta_update;
mod paths;
mod persistent_volume;
pub mod persistent_volume_claim;
pub mod pod;
mod pod_disruption_budget;
pub mod pod_security_policy;
mod pod_template;
pub mod pod_warnings;
pub mod priority_class;
mod repeats;
mod replica_set;
mod resource_claim;
pub mod resource_quota;
mod resource_slice;
mod role;
mod role_binding;
mod runtime_class;
mod secret;
pub mod service;
mod service_account;
mod service_cidr;
mod stateful_set;
mod storage_class;
mod update;
mod volume_attachment;
mod webhook_configuration;
mod workload;
mod workload_status;

use tollgate_api::field::Errors;
use tollgate_api::{GroupVersionKind, Status};

pub use admission_rules::EXPRESSION_WORDS;
pub use create::{validate_create, validates_create};
pub use namespace::validate_finalize_update;
pub use update::{
    validate_status_update, validate_subresource_update, validate_update, validates_update,
};

/// What a client sees of an object of `kind` in which these errors are.
///
/// Upstream names its internal type: Events are of the core group, whatever group they were sent to.
pub fn refusal(kind: &GroupVersionKind, name: &str, errors: &Errors) -> Status {
    let group = match (kind.group.as_str(), kind.kind.as_str()) {
        ("events.k8s.io", "Event") => "",
        (group, _) => group,
    };
    Status::invalid(group, &kind.kind, name, errors)
}

/// What the server decides, not the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether containers may be privileged (`--allow-privileged`).
    pub allow_privileged: bool,
}

/// What servers are usually run with.
impl Default for Options {
    fn default() -> Self {
        Self {
            allow_privileged: true,
        }
    }
}
