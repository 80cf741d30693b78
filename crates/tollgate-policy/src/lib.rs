//! The namespace policies of Kubernetes as pure functions: no I/O, no clock, no threads, no state.

pub mod admission_configuration;
pub mod control;
pub mod limit_range;
pub mod pod_security;
pub mod pod_security_policy;
pub mod priority;
pub mod rbac;
pub mod resource_quota;
pub mod violation;

pub use control::{Control, Policy};
pub use violation::{PolicyObject, Violation};
