//! Privileged containers: no container may run with all the rights of its node.
//!
//! Fields: `spec.{containers,initContainers,ephemeralContainers}[*].securityContext.privileged`
//! Allowed: unset, false
//! Level: baseline, since v1.0
//! Upstream: pod-security-admission `privileged`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{PodView, Signals};
use crate::pod_security::{Level, message};
use tollgate_api::Release;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "privileged",
        policy: Policy::PodSecurity,
        guards: "Containers may not run with all the rights of their node.",
        fields: &[
            "spec.initContainers[*].securityContext.privileged",
            "spec.containers[*].securityContext.privileged",
            "spec.ephemeralContainers[*].securityContext.privileged",
        ],
        allowed: "unset, false",
        since: "baseline v1.0",
        upstream: "pod-security-admission policy/check_privileged.go",
        failing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    securityContext: {privileged: true}
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    securityContext: {privileged: false}
"
        ),
    },
    versions: &[Versioned {
        since: 0,
        overrides: &[],
        looks_for: Signals::PRIVILEGED,
        judge: privileged_v1_0,
        remedies,
    }],
};

fn privileged_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let mut detail = message::containers(pod.names_with(Signals::PRIVILEGED))?;
    detail.push_str(" must not set securityContext.privileged=true");
    Some(forbidden("privileged", detail))
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    pod.containers_with(Signals::PRIVILEGED)
        .map(|container| Remedy::set(container.field("securityContext.privileged"), "false"))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "privileged";

    #[test]
    fn prints_names_as_they_are() {
        let pod = r#"{"spec": {
            "ephemeralContainers": [{"name": "d\"bg", "securityContext": {"privileged": true}}],
            "containers": [{"name": "a", "securityContext": {"privileged": "true"}}]}}"#;
        let text = r#"privileged (container "d"bg" must not set securityContext.privileged=true)"#;
        check(ID, "baseline", pod, Some(text));
        assert_eq!(
            help(ID, "baseline", pod),
            "set spec.ephemeralContainers[0].securityContext.privileged to false"
        );
    }

    #[test]
    fn does_not_look_at_the_pod_itself() {
        check(
            ID,
            "baseline",
            r#"{"spec": {"securityContext": {"privileged": true}}}"#,
            None,
        );
    }
}
