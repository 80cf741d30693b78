//! Seccomp, restricted: a container must have a filter of system calls.
//!
//! Fields: `spec.securityContext.seccompProfile.type`, the same of containers
//! Allowed: RuntimeDefault, Localhost; a container may leave it to the pod
//! Level: restricted, since v1.19; since v1.25 not for pods of Windows
//! Upstream: pod-security-admission `seccompProfile_restricted`

use super::seccomp_profile_baseline::{
    container_fields, pod_field, seccomp_profile_baseline_v1_19,
};
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
        id: "seccompProfile_restricted",
        policy: Policy::PodSecurity,
        guards: "Containers must have a filter of system calls.",
        fields: &[
            "spec.securityContext.seccompProfile.type",
            "spec.initContainers[*].securityContext.seccompProfile.type",
            "spec.containers[*].securityContext.seccompProfile.type",
            "spec.ephemeralContainers[*].securityContext.seccompProfile.type",
        ],
        allowed: "RuntimeDefault, Localhost; unset in a container if the pod sets one of them; anything in pods whose spec.os.name is windows (from v1.25)",
        since: "restricted v1.19; v1.25 leaves out pods of Windows",
        upstream: "pod-security-admission policy/check_seccompProfile_restricted.go",
        failing: example!(
            "restricted",
            r"spec:
  securityContext:
    runAsNonRoot: true
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      allowPrivilegeEscalation: false
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
            since: 19,
            overrides: &["seccompProfile_baseline"],
            looks_for: Signals::SECCOMP_FORBIDDEN.and(Signals::SECCOMP_UNSET),
            judge: seccomp_profile_restricted_v1_19,
            remedies,
        },
        Versioned {
            since: 25,
            overrides: &["seccompProfile_baseline"],
            looks_for: Signals::SECCOMP_FORBIDDEN.and(Signals::SECCOMP_UNSET),
            judge: seccomp_profile_restricted_v1_25,
            remedies,
        },
    ],
};

fn seccomp_profile_restricted_v1_19(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    let explicit = seccomp_profile_baseline_v1_19(pod, release);
    if explicit.is_some() || pod.has_seccomp_profile() {
        return explicit;
    }
    let mut detail = message::pod_or_containers(pod.names_with(Signals::SECCOMP_UNSET))?;
    detail.push_str(
        " must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
    );
    Some(forbidden("seccompProfile", detail))
}

fn seccomp_profile_restricted_v1_25(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    // Windows has no such thing, and validation refuses the field there.
    if pod.is_windows() {
        return None;
    }
    seccomp_profile_restricted_v1_19(pod, release)
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    // One field of the pod serves all containers that leave it unset.
    let unset = pod.containers_with(Signals::SECCOMP_UNSET).next().is_some();
    let own = pod.itself_shows(Signals::SECCOMP_FORBIDDEN) || (unset && !pod.has_seccomp_profile());
    own.then(pod_field)
        .into_iter()
        .chain(container_fields(pod))
        .map(|field| Remedy::set(field, "RuntimeDefault"))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "seccompProfile_restricted";

    #[test]
    fn says_what_is_forbidden_before_what_is_missing() {
        let pod = r#"{"spec": {"containers": [
            {"name": "a"}, {"name": "b", "securityContext": {"seccompProfile": {"type": "Unconfined"}}}]}}"#;
        let text = r#"seccompProfile (container "b" must not set securityContext.seccompProfile.type to "Unconfined")"#;
        check(ID, "restricted:v1.18", pod, None);
        check(ID, "restricted:v1.19", pod, Some(text));
        assert_eq!(
            help(ID, "restricted", pod),
            "set spec.securityContext.seccompProfile.type, \
             spec.containers[1].securityContext.seccompProfile.type to RuntimeDefault"
        );
    }

    #[test]
    fn containers_may_leave_it_to_the_pod() {
        let pod = r#"{"spec": {"securityContext": {"seccompProfile": {"type": "Localhost"}}, "containers": [{"name": "a"}]}}"#;
        check(ID, "restricted", pod, None);
        let pod = r#"{"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}"#;
        let text = r#"seccompProfile (pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"#;
        check(ID, "restricted", pod, Some(text));
        assert_eq!(
            help(ID, "restricted", pod),
            "set spec.securityContext.seccompProfile.type to RuntimeDefault"
        );
    }

    #[test]
    fn is_not_asked_of_windows_from_1_25_on() {
        let pod = r#"{"spec": {"os": {"name": "windows"}, "containers": [{"name": "a"}]}}"#;
        let text = r#"seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"#;
        check(ID, "restricted:v1.24", pod, Some(text));
        check(ID, "restricted:v1.25", pod, None);
    }
}
