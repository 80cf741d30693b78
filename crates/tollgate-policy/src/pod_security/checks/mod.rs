//! Every check of the Pod Security Standards, one file each.

/// The examples of a control: a namespace that enforces a level, and the rest of a pod behind its name.
macro_rules! example {
    ($policy:literal, $pod:literal) => {
        concat!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n",
            "    pod-security.kubernetes.io/enforce: ",
            $policy,
            "\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: shop\n",
            $pod
        )
    };
}

pub mod allow_privilege_escalation;
pub mod app_armor_profile;
pub mod capabilities_baseline;
pub mod capabilities_restricted;
pub mod host_namespaces;
pub mod host_path_volumes;
pub mod host_ports;
pub mod host_probes_and_host_lifecycle;
pub mod privileged;
pub mod proc_mount_baseline;
pub mod proc_mount_restricted;
pub mod restricted_volumes;
pub mod run_as_non_root;
pub mod run_as_user;
pub mod se_linux_options;
pub mod seccomp_profile_baseline;
pub mod seccomp_profile_restricted;
pub mod sysctls;
pub mod windows_host_process;

use super::check::Check;

/// Every check in the order in which reasons are given: baseline, then restricted, each by id.
pub const ALL: &[&Check] = &[
    &app_armor_profile::CHECK,
    &capabilities_baseline::CHECK,
    &host_namespaces::CHECK,
    &host_path_volumes::CHECK,
    &host_ports::CHECK,
    &host_probes_and_host_lifecycle::CHECK,
    &privileged::CHECK,
    &proc_mount_baseline::CHECK,
    &se_linux_options::CHECK,
    &seccomp_profile_baseline::CHECK,
    &sysctls::CHECK,
    &windows_host_process::CHECK,
    &allow_privilege_escalation::CHECK,
    &capabilities_restricted::CHECK,
    &proc_mount_restricted::CHECK,
    &restricted_volumes::CHECK,
    &run_as_non_root::CHECK,
    &run_as_user::CHECK,
    &seccomp_profile_restricted::CHECK,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod_security::Level;

    #[test]
    fn reasons_come_by_level_then_by_id() {
        assert!(
            ALL.is_sorted_by_key(|check| (check.level, check.control.id)),
            "upstream sorts the ids of each level by bytes"
        );
    }

    #[test]
    fn every_check_is_a_control() {
        let listed = crate::pod_security::CONTROLS
            .iter()
            .map(|control| control.id);
        assert!(listed.eq(ALL.iter().map(|check| check.control.id)));
    }

    #[test]
    fn revisions_are_in_order_and_override_baseline_checks_only() {
        for check in ALL {
            assert!(check.versions.is_sorted_by_key(|versioned| versioned.since));
            assert_ne!(check.level, Level::Privileged);
            for id in check
                .versions
                .iter()
                .flat_map(|versioned| versioned.overrides)
            {
                assert_eq!(check.level, Level::Restricted);
                let overridden = ALL.iter().find(|other| other.control.id == *id).unwrap();
                assert_eq!(overridden.level, Level::Baseline);
            }
        }
    }
}
