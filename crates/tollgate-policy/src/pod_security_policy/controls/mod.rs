//! The controls: one file per field of a policy (or per few fields that make one rule).
//!
//! All have the same shape: `read` from the policy object, `default` where the control fills something in, `validate`.

mod allow_privilege_escalation;
mod allowed_csi_drivers;
mod allowed_flex_volumes;
mod allowed_host_paths;
mod app_armor;
pub(super) mod authorization;
mod capabilities;
mod capability_examples;
mod example;
mod fs_group;
mod group_rule;
mod host_namespaces;
mod host_ports;
mod id_range;
mod privileged;
mod proc_mount;
mod read_only_root_filesystem;
mod run_as_group;
mod run_as_user;
mod runtime_class;
mod se_linux;
mod seccomp;
mod supplemental_groups;
mod sysctls;
mod volume_types;
mod volumes;

use crate::control::Control;
pub(super) use allow_privilege_escalation::AllowPrivilegeEscalation;
use allowed_csi_drivers::AllowedCsiDrivers;
use allowed_flex_volumes::AllowedFlexVolumes;
use allowed_host_paths::AllowedHostPaths;
pub(super) use app_armor::AppArmor;
pub(super) use capabilities::Capabilities;
use example::example;
pub(super) use fs_group::FsGroup;
pub(super) use host_namespaces::HostNamespaces;
pub(super) use host_ports::HostPorts;
pub(super) use privileged::Privileged;
pub(super) use proc_mount::ProcMount;
pub(super) use read_only_root_filesystem::ReadOnlyRootFilesystem;
pub(super) use run_as_group::RunAsGroup;
pub(super) use run_as_user::RunAsUser;
pub(super) use runtime_class::RuntimeClass;
pub(super) use se_linux::SeLinux;
pub(super) use seccomp::Seccomp;
pub(super) use supplemental_groups::SupplementalGroups;
pub(super) use sysctls::Sysctls;
pub(super) use volumes::Volumes;

/// Every control of PodSecurityPolicy.
pub const CONTROLS: &[Control] = &[
    authorization::CONTROL,
    privileged::CONTROL,
    host_namespaces::HOST_NETWORK,
    host_namespaces::HOST_PID,
    host_namespaces::HOST_IPC,
    host_ports::CONTROL,
    volumes::CONTROL,
    allowed_host_paths::CONTROL,
    allowed_flex_volumes::CONTROL,
    allowed_csi_drivers::CONTROL,
    run_as_user::CONTROL,
    run_as_group::CONTROL,
    supplemental_groups::CONTROL,
    fs_group::CONTROL,
    se_linux::CONTROL,
    allow_privilege_escalation::CONTROL,
    capabilities::ALLOWED,
    capabilities::DEFAULT_ADD,
    capabilities::REQUIRED_DROP,
    read_only_root_filesystem::CONTROL,
    proc_mount::CONTROL,
    app_armor::ALLOWED,
    app_armor::DEFAULT,
    seccomp::ALLOWED,
    seccomp::DEFAULT,
    sysctls::ALLOWED_UNSAFE,
    sysctls::FORBIDDEN,
    runtime_class::CONTROL,
];
