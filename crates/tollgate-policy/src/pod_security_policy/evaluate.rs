//! One policy on one pod, without admission and authorization: upstream's "provider".

use super::edit::Edit;
use super::finding::{Finding, Findings};
use super::pod::Pod;
use super::types::PodSecurityPolicy;
use tollgate_api::Value;

impl PodSecurityPolicy {
    /// What the policy fills into `pod`; nothing if it would leave the pod as it is.
    ///
    /// No two controls fill in the same place, and none reads what another has filled in, so that the edits can be
    /// made from the pod as it came.
    pub fn defaults(&self, pod: &Value) -> Vec<Edit> {
        let pod = Pod::new(pod);
        let mut edits = Vec::new();
        self.supplemental_groups.default(&pod, &mut edits);
        self.fs_group.default(&pod, &mut edits);
        self.se_linux.default(&pod, &mut edits);
        self.seccomp.default(&pod, &mut edits);
        self.runtime_class.default(&pod, &mut edits);
        for container in pod.containers() {
            self.run_as_user.default(&container, &mut edits);
            self.run_as_group.default(&container, &mut edits);
            self.app_armor.default(&container, &mut edits);
            self.capabilities.default(&container, &mut edits);
            self.read_only_root_filesystem
                .default(&container, &mut edits);
            self.allow_privilege_escalation
                .default(&container, &mut edits);
        }
        edits
    }

    /// All that the policy refuses about `pod` as it is, in upstream's order.
    pub fn validate(&self, pod: &Value) -> Vec<Finding> {
        let mut findings = Findings::read();
        self.judge(&Pod::new(pod), &mut findings);
        findings.into_list()
    }

    /// As [`Self::validate`], of a pod in which the policy's defaults are filled in; the places that the findings name
    /// are those of `written`, the pod without them.
    pub fn validate_filled(&self, filled: &Value, written: &Value) -> Vec<Finding> {
        let mut findings = Findings::read();
        self.judge(&Pod::filled(filled, written), &mut findings);
        findings.into_list()
    }

    /// Whether [`Self::validate`] would find nothing; makes no text.
    pub fn allows(&self, pod: &Value) -> bool {
        let mut findings = Findings::unread();
        self.judge(&Pod::new(pod), &mut findings);
        findings.is_empty()
    }

    fn judge(&self, pod: &Pod<'_>, findings: &mut Findings) {
        self.fs_group.validate(pod, findings);
        self.supplemental_groups.validate(pod, findings);
        self.seccomp.validate_pod(pod, findings);
        self.se_linux.validate_pod(pod, findings);
        self.host_namespaces.validate(pod, findings);
        self.sysctls.validate(pod, findings);
        self.volumes.validate(pod, findings);
        self.runtime_class.validate(pod, findings);
        for container in pod.containers() {
            if findings.is_decided() {
                return;
            }
            self.run_as_user.validate(&container, findings);
            self.run_as_group.validate(&container, findings);
            self.se_linux.validate(&container, findings);
            self.app_armor.validate(&container, findings);
            self.seccomp.validate(&container, findings);
            self.privileged.validate(&container, findings);
            self.proc_mount.validate(&container, findings);
            self.capabilities.validate(&container, findings);
            self.host_ports.validate(&container, findings);
            self.read_only_root_filesystem
                .validate(&container, findings);
            self.allow_privilege_escalation
                .validate(&container, findings);
        }
    }
}
