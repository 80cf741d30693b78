//! A PodSecurityPolicy, read once.

use super::controls::{
    AllowPrivilegeEscalation, AppArmor, Capabilities, FsGroup, HostNamespaces, HostPorts,
    Privileged, ProcMount, ReadOnlyRootFilesystem, RunAsGroup, RunAsUser, RuntimeClass, SeLinux,
    Seccomp, SupplementalGroups, Sysctls, Volumes,
};
use compact_str::CompactString;
use tollgate_api::{Value, status};

/// One policy, ready to judge any number of pods.
#[derive(Debug, Clone)]
pub struct PodSecurityPolicy {
    name: CompactString,
    pub(super) allow_privilege_escalation: AllowPrivilegeEscalation,
    pub(super) app_armor: AppArmor,
    pub(super) capabilities: Capabilities,
    pub(super) fs_group: FsGroup,
    pub(super) host_namespaces: HostNamespaces,
    pub(super) host_ports: HostPorts,
    pub(super) privileged: Privileged,
    pub(super) proc_mount: ProcMount,
    pub(super) read_only_root_filesystem: ReadOnlyRootFilesystem,
    pub(super) run_as_group: RunAsGroup,
    pub(super) run_as_user: RunAsUser,
    pub(super) runtime_class: RuntimeClass,
    pub(super) se_linux: SeLinux,
    pub(super) seccomp: Seccomp,
    pub(super) supplemental_groups: SupplementalGroups,
    pub(super) sysctls: Sysctls,
    pub(super) volumes: Volumes,
}

/// Why a policy cannot be used; upstream then goes on as if it were not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UnusablePolicy {
    /// The policy's name.
    pub name: String,
    /// Upstream's text.
    pub message: String,
}

impl PodSecurityPolicy {
    /// Reads a `policy/v1beta1` (or `extensions/v1beta1`) object.
    pub fn from_object(policy: &Value) -> Result<Self, UnusablePolicy> {
        let name = policy
            .get("metadata")
            .map_or("", |meta| meta.str_or_empty("name"));
        let spec = policy.get("spec").unwrap_or(&Value::Null);
        // All that is wrong is told, in upstream's order.
        let mut wrong: Vec<String> = Vec::new();
        let mut note = |message: String| wrong.push(message);
        let run_as_user = RunAsUser::read(spec).map_err(&mut note).ok();
        let run_as_group = RunAsGroup::read(spec).map_err(&mut note).ok();
        let se_linux = SeLinux::read(spec).map_err(&mut note).ok();
        let fs_group = FsGroup::read(spec).map_err(&mut note).ok();
        let supplemental_groups = SupplementalGroups::read(spec).map_err(&mut note).ok();
        let (
            Some(run_as_user),
            Some(run_as_group),
            Some(se_linux),
            Some(fs_group),
            Some(supplemental_groups),
        ) = (
            run_as_user,
            run_as_group,
            se_linux,
            fs_group,
            supplemental_groups,
        )
        else {
            return Err(UnusablePolicy {
                name: name.to_owned(),
                message: status::aggregate(&wrong),
            });
        };
        Ok(Self {
            name: name.into(),
            allow_privilege_escalation: AllowPrivilegeEscalation::read(spec),
            app_armor: AppArmor::read(policy),
            capabilities: Capabilities::read(spec),
            fs_group,
            host_namespaces: HostNamespaces::read(spec),
            host_ports: HostPorts::read(spec),
            privileged: Privileged::read(spec),
            proc_mount: ProcMount::read(spec),
            read_only_root_filesystem: ReadOnlyRootFilesystem::read(spec),
            run_as_group,
            run_as_user,
            runtime_class: RuntimeClass::read(spec),
            se_linux,
            seccomp: Seccomp::read(policy),
            supplemental_groups,
            sysctls: Sysctls::read(spec),
            volumes: Volumes::read(spec),
        })
    }

    /// The policy's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
