//! Pod Security Standards and their admission.
//!
//! The standards are the [`checks`], each at the versions of the policy at which it changed. An [`Evaluator`] judges a
//! [`PodView`] by a [`LevelVersion`]; [`PodSecurity`] is the admission plugin around it: namespace labels, the three
//! modes, exemptions, warnings for workloads and for the pods of a namespace that gets stricter.
//!
//! ```
//! use tollgate_api::{Attributes, GroupResource, Operation, Release, json};
//! use tollgate_policy::pod_security::{Config, PodSecurity, Review};
//!
//! let plugin = PodSecurity::new(Config::default(), Release::default());
//! let namespace = json::from_str(
//!     r#"{"metadata":{"name":"shop","labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}"#,
//! ).unwrap();
//! let namespace = plugin.namespace_policy(&namespace);
//!
//! let pod = json::from_str(
//!     r#"{"metadata":{"name":"web"},"spec":{"hostPID":true,"containers":[{"name":"app"}]}}"#,
//! ).unwrap();
//! let pods = GroupResource::new("", "pods");
//! let request = Attributes {
//!     operation: Operation::Create,
//!     resource: &pods,
//!     subresource: "",
//!     namespace: "shop",
//!     name: "web",
//!     user: None,
//!     object: Some(&pod),
//!     old_object: None,
//!     dry_run: false,
//! };
//! let decision = plugin.admit(&Review::new(&request, Ok(&namespace)), &[][..] as &[tollgate_api::Value]);
//! assert_eq!(
//!     decision.status.unwrap().message,
//!     r#"pods "web" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)"#
//! );
//! assert_eq!(decision.violations[0].help.as_deref(), Some("set spec.hostPID to false"));
//! ```
//!
//! Wording follows the release from 1.23 on, when the plugin was first on by default; older releases read as 1.23.

mod admission;
mod check;
pub mod checks;
mod config;
mod decision;
mod evaluate;
mod exemptions;
mod labels;
mod level;
mod message;
mod namespace;
mod pod;
mod policy;
mod remedy;
mod version;
mod view;
mod workload;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use admission::{PodSecurity, Review};
pub use check::{Check, Versioned};
pub use config::{Config, ConfigError};
pub use decision::{AUDIT_ANNOTATION_PREFIX, Decision, Metric};
pub use evaluate::{Evaluation, Evaluator, Forbidden, Places};
pub use exemptions::{Exemption, Exemptions};
pub use labels::NamespacePolicy;
pub use level::Level;
pub use namespace::{EXISTING_PODS_MAX, ExistingPods, NAMESPACE};
pub use policy::{LevelVersion, Mode, Policy};
pub use version::Version;
pub use view::{ContainerList, ContainerView, PodView, Signals};
pub use workload::handles;

use crate::control::Control;

/// Every check as a control, in the order of [`checks::ALL`].
pub const CONTROLS: &[Control] = &[
    checks::app_armor_profile::CHECK.control,
    checks::capabilities_baseline::CHECK.control,
    checks::host_namespaces::CHECK.control,
    checks::host_path_volumes::CHECK.control,
    checks::host_ports::CHECK.control,
    checks::host_probes_and_host_lifecycle::CHECK.control,
    checks::privileged::CHECK.control,
    checks::proc_mount_baseline::CHECK.control,
    checks::se_linux_options::CHECK.control,
    checks::seccomp_profile_baseline::CHECK.control,
    checks::sysctls::CHECK.control,
    checks::windows_host_process::CHECK.control,
    checks::allow_privilege_escalation::CHECK.control,
    checks::capabilities_restricted::CHECK.control,
    checks::proc_mount_restricted::CHECK.control,
    checks::restricted_volumes::CHECK.control,
    checks::run_as_non_root::CHECK.control,
    checks::run_as_user::CHECK.control,
    checks::seccomp_profile_restricted::CHECK.control,
];
