//! Pod Security Standards and their admission.

mod check;
pub mod checks;
mod evaluate;
mod level;
mod message;
mod policy;
mod remedy;
mod version;
mod view;

#[cfg(test)]
mod testing;

use crate::control::Control;
pub use check::{Check, Versioned};
pub use evaluate::{Evaluation, Evaluator, Forbidden};
pub use level::Level;
pub use policy::{LevelVersion, Mode, Policy};
pub use version::Version;

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

pub use view::{ContainerList, ContainerView, PodView, Signals};
