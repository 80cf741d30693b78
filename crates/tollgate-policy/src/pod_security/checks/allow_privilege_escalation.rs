//! Privilege escalation: a process must not gain more privileges than its parent.
//!
//! Fields: `spec.{containers,initContainers,ephemeralContainers}[*].securityContext.allowPrivilegeEscalation`
//! Allowed: false
//! Level: restricted, since v1.8; since v1.25 not for pods of Windows
//! Upstream: pod-security-admission `allowPrivilegeEscalation`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{PodView, Signals};
use crate::pod_security::{Level, message};
use tollgate_api::Release;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Restricted,
    control: Control {
        id: "allowPrivilegeEscalation",
        policy: Policy::PodSecurity,
        guards: "No process may gain more privileges than its parent has.",
        fields: &[
            "spec.initContainers[*].securityContext.allowPrivilegeEscalation",
            "spec.containers[*].securityContext.allowPrivilegeEscalation",
            "spec.ephemeralContainers[*].securityContext.allowPrivilegeEscalation",
        ],
        allowed: "false; anything in pods whose spec.os.name is windows (from v1.25)",
        since: "restricted v1.8; v1.25 leaves out pods of Windows",
        upstream: "pod-security-admission policy/check_allowPrivilegeEscalation.go",
        failing: example!(
            "restricted",
            r"spec:
  securityContext:
    runAsNonRoot: true
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      capabilities: {drop: [ALL]}
"
        ),
        passing: example!(
            "restricted",
            r"spec:
  securityContext:
    runAsNonRoot: true
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
"
        ),
    },
    versions: &[
        Versioned {
            since: 8,
            overrides: &[],
            looks_for: Signals::PRIVILEGE_ESCALATION,
            judge: allow_privilege_escalation_v1_8,
            remedies,
        },
        Versioned {
            since: 25,
            overrides: &[],
            looks_for: Signals::PRIVILEGE_ESCALATION,
            judge: allow_privilege_escalation_v1_25,
            remedies,
        },
    ],
};

fn allow_privilege_escalation_v1_8(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let mut detail = message::containers(pod.names_with(Signals::PRIVILEGE_ESCALATION))?;
    detail.push_str(" must set securityContext.allowPrivilegeEscalation=false");
    Some(forbidden("allowPrivilegeEscalation != false", detail))
}

fn allow_privilege_escalation_v1_25(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    // Windows has no such thing, and validation refuses the field there.
    if pod.is_windows() {
        return None;
    }
    allow_privilege_escalation_v1_8(pod, release)
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    pod.containers_with(Signals::PRIVILEGE_ESCALATION)
        .map(|container| {
            let field = container.field("securityContext.allowPrivilegeEscalation");
            Remedy::set(field, "false")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "allowPrivilegeEscalation";

    #[test]
    fn must_be_set_to_false_in_every_container() {
        let pod = r#"{"spec": {
            "initContainers": [{"name": "setup"}],
            "containers": [{"name": "app", "securityContext": {"allowPrivilegeEscalation": true}},
                           {"name": "ok", "securityContext": {"allowPrivilegeEscalation": false}}]}}"#;
        let text = r#"allowPrivilegeEscalation != false (containers "setup", "app" must set securityContext.allowPrivilegeEscalation=false)"#;
        check(ID, "restricted:v1.7", pod, None);
        check(ID, "restricted:v1.8", pod, Some(text));
        check(ID, "restricted", pod, Some(text));
        check(ID, "baseline", pod, None);
        assert_eq!(
            help(ID, "restricted", pod),
            "set spec.initContainers[0].securityContext.allowPrivilegeEscalation, \
             spec.containers[0].securityContext.allowPrivilegeEscalation to false"
        );
    }

    #[test]
    fn is_not_asked_of_windows_from_1_25_on() {
        let pod = r#"{"spec": {"os": {"name": "windows"}, "containers": [{"name": "app"}]}}"#;
        let text = r#"allowPrivilegeEscalation != false (container "app" must set securityContext.allowPrivilegeEscalation=false)"#;
        check(ID, "restricted:v1.24", pod, Some(text));
        check(ID, "restricted:v1.25", pod, None);
    }
}
