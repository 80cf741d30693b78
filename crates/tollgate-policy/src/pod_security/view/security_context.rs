//! What a security context, of a pod or of a container, shows.

use super::signals::Signals;
use super::{NOTHING, each_field};
use crate::pod_security::checks::{
    app_armor_profile, capabilities_baseline, capabilities_restricted, proc_mount_baseline,
    se_linux_options, seccomp_profile_baseline,
};
use tollgate_api::Value;

/// The fields of a security context that checks read. A field of a wrong type reads as absent.
struct Fields<'a> {
    allow_privilege_escalation: &'a Value,
    app_armor_profile: &'a Value,
    capabilities: &'a Value,
    privileged: &'a Value,
    proc_mount: &'a Value,
    run_as_non_root: &'a Value,
    run_as_user: &'a Value,
    se_linux_options: &'a Value,
    seccomp_profile: &'a Value,
    windows_options: &'a Value,
}

impl<'a> Fields<'a> {
    fn of(context: &'a Value) -> Self {
        let mut fields = Self {
            allow_privilege_escalation: &NOTHING,
            app_armor_profile: &NOTHING,
            capabilities: &NOTHING,
            privileged: &NOTHING,
            proc_mount: &NOTHING,
            run_as_non_root: &NOTHING,
            run_as_user: &NOTHING,
            se_linux_options: &NOTHING,
            seccomp_profile: &NOTHING,
            windows_options: &NOTHING,
        };
        // One pass; of a key that is there twice, the last one counts.
        each_field(context, |key, value| match key {
            "allowPrivilegeEscalation" => fields.allow_privilege_escalation = value,
            "appArmorProfile" => fields.app_armor_profile = value,
            "capabilities" => fields.capabilities = value,
            "privileged" => fields.privileged = value,
            "procMount" => fields.proc_mount = value,
            "runAsNonRoot" => fields.run_as_non_root = value,
            "runAsUser" => fields.run_as_user = value,
            "seLinuxOptions" => fields.se_linux_options = value,
            "seccompProfile" => fields.seccomp_profile = value,
            "windowsOptions" => fields.windows_options = value,
            _ => {}
        });
        fields
    }

    /// What a pod's and a container's security context have in common.
    fn shared(&self) -> Signals {
        let root = match self.run_as_non_root.as_bool() {
            Some(true) => Signals::NONE,
            Some(false) => Signals::ROOT_ALLOWED,
            None => Signals::NON_ROOT_UNSET,
        };
        let seccomp = match self.seccomp_profile.as_object() {
            None => Signals::SECCOMP_UNSET,
            Some(_) => Signals::SECCOMP_FORBIDDEN.when(!seccomp_profile_baseline::is_allowed_type(
                self.seccomp_profile.str_or_empty("type"),
            )),
        };
        let app_armor = self.app_armor_profile.as_object().is_some()
            && !app_armor_profile::is_allowed_type(self.app_armor_profile.str_or_empty("type"));
        root | seccomp
            | Signals::ROOT_USER.when(self.run_as_user.as_i64() == Some(0))
            | Signals::APP_ARMOR.when(app_armor)
            | Signals::HOST_PROCESS.when(self.windows_options.bool("hostProcess") == Some(true))
            | self.se_linux()
    }

    fn se_linux(&self) -> Signals {
        if self.se_linux_options.as_object().is_none() {
            return Signals::NONE;
        }
        let forbidden = |minor| !se_linux_options::is_allowed(self.se_linux_options, minor);
        Signals::SE_LINUX_V1_0.when(forbidden(0)) | Signals::SE_LINUX_V1_31.when(forbidden(31))
    }

    fn capabilities(&self) -> Signals {
        let mut signals = Signals::NONE;
        for capability in self.capabilities.items("add") {
            let name = capability.as_str().unwrap_or_default();
            signals |= Signals::CAPABILITY_NOT_DEFAULT
                .when(!capabilities_baseline::is_default(name))
                | Signals::CAPABILITY_ADDED.when(!capabilities_restricted::is_allowed(name));
        }
        let all_dropped = capabilities_restricted::drops_all(self.capabilities);
        signals | Signals::CAPABILITIES_KEPT.when(!all_dropped)
    }
}

/// What a pod's security context shows.
pub(super) fn of_pod(context: &Value) -> Signals {
    Fields::of(context).shared()
}

/// What a container's security context shows.
pub(super) fn of_container(context: &Value) -> Signals {
    let fields = Fields::of(context);
    let proc_mount = fields.proc_mount.as_str();
    fields.shared()
        | fields.capabilities()
        | Signals::PRIVILEGED.when(fields.privileged.as_bool() == Some(true))
        | Signals::PRIVILEGE_ESCALATION
            .when(fields.allow_privilege_escalation.as_bool() != Some(false))
        | Signals::PROC_MOUNT
            .when(proc_mount.is_some_and(|kind| !proc_mount_baseline::is_allowed(kind)))
}
