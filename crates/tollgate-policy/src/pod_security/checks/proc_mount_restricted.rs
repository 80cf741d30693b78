//! /proc, restricted: the masks that the runtime lays over /proc must stay.
//!
//! Fields: `spec.{containers,initContainers,ephemeralContainers}[*].securityContext.procMount`
//! Allowed: unset, Default
//! Level: restricted, since v1.35 (before, the baseline check said the same)
//! Upstream: pod-security-admission `procMount_restricted`

use super::proc_mount_baseline::{proc_mount_v1_0, remedies};
use crate::control::{Control, Policy};
use crate::pod_security::Level;
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::view::Signals;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Restricted,
    control: Control {
        id: "procMount_restricted",
        policy: Policy::PodSecurity,
        guards: "The masks over /proc may not be taken away.",
        fields: &[
            "spec.initContainers[*].securityContext.procMount",
            "spec.containers[*].securityContext.procMount",
            "spec.ephemeralContainers[*].securityContext.procMount",
        ],
        allowed: "unset, Default",
        since: "restricted v1.35; before, procMount said the same",
        upstream: "pod-security-admission policy/check_procMount_restricted.go",
        failing: example!(
            "restricted",
            r"spec:
  hostUsers: false
  securityContext:
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      procMount: Unmasked
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
"
        ),
        passing: example!(
            "restricted",
            r"spec:
  hostUsers: false
  securityContext:
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      procMount: Default
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
"
        ),
    },
    versions: &[Versioned {
        since: 35,
        overrides: &["procMount"],
        looks_for: Signals::PROC_MOUNT,
        judge: proc_mount_v1_0,
        remedies,
    }],
};

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::check;

    #[test]
    fn does_not_ask_whether_the_pod_has_users_of_its_own() {
        let pod = r#"{"spec": {"hostUsers": false, "containers": [
            {"name": "a", "securityContext": {"procMount": ""}},
            {"name": "b", "securityContext": {"procMount": "Unmasked"}}]}}"#;
        let text = r#"procMount (containers "a", "b" must not set securityContext.procMount to "", "Unmasked")"#;
        check("procMount_restricted", "restricted:v1.35", pod, Some(text));
        check("procMount_restricted", "restricted:v1.34", pod, None);
    }
}
