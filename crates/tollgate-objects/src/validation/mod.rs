//! Validation: field errors in upstream's words and order, kind by kind.
//!
//! Objects are validated with their defaults, as an API server does. Option flags stand as upstream has them with the
//! default feature gates of 1.36.

mod config_map;
mod create;
pub mod custom_resource_definition;
mod daemon_set;
mod deployment;
mod go_values;
mod int_or_percent;
mod ip;
mod job;
pub mod label_selector;
pub mod limit_range;
mod namespace;
mod numbers;
pub mod object_meta;
pub mod object_meta_update;
mod paths;
pub mod persistent_volume_claim;
pub mod pod;
pub mod pod_security_policy;
pub mod pod_warnings;
pub mod priority_class;
mod replica_set;
mod repeats;
pub mod resource_quota;
mod role;
mod role_binding;
mod secret;
mod service;
mod service_account;
mod stateful_set;
mod update;
mod workload;

pub use create::{validate_create, validates_create};
pub use namespace::validate_finalize_update;
pub use update::{validate_status_update, validate_update, validates_update};

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
