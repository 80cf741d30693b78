//! Not as root: a container must be made to run as another user.
//!
//! Fields: `spec.securityContext.runAsNonRoot`, the same of containers
//! Allowed: true; a container may leave it to the pod; since v1.35 anything with hostUsers: false
//! Level: restricted, since v1.0
//! Upstream: pod-security-admission `runAsNonRoot`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{PodView, Signals};
use crate::pod_security::{Level, message};
use tollgate_api::Release;
use tollgate_api::field::Path;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Restricted,
    control: Control {
        id: "runAsNonRoot",
        policy: Policy::PodSecurity,
        guards: "Containers must be made to run as another user than root.",
        fields: &[
            "spec.securityContext.runAsNonRoot",
            "spec.initContainers[*].securityContext.runAsNonRoot",
            "spec.containers[*].securityContext.runAsNonRoot",
            "spec.ephemeralContainers[*].securityContext.runAsNonRoot",
        ],
        allowed: "true; unset in a container if the pod sets true; anything with spec.hostUsers false (from v1.35)",
        since: "restricted v1.0; v1.35 leaves out pods with spec.hostUsers false",
        upstream: "pod-security-admission policy/check_runAsNonRoot.go",
        failing: example!(
            "restricted",
            r"spec:
  securityContext:
    seccompProfile: {type: RuntimeDefault}
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
            since: 0,
            overrides: &[],
            looks_for: Signals::ROOT_ALLOWED.and(Signals::NON_ROOT_UNSET),
            judge: run_as_non_root_v1_0,
            remedies,
        },
        Versioned {
            since: 35,
            overrides: &[],
            looks_for: Signals::ROOT_ALLOWED.and(Signals::NON_ROOT_UNSET),
            judge: run_as_non_root_v1_35,
            remedies,
        },
    ],
};

const FIELD: &str = "securityContext.runAsNonRoot";

fn run_as_non_root_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let setters = message::setters(
        pod.itself_shows(Signals::ROOT_ALLOWED),
        pod.names_with(Signals::ROOT_ALLOWED),
    );
    let detail = if let Some(mut detail) = setters {
        detail.push_str(" must not set securityContext.runAsNonRoot=false");
        detail
    } else if pod.requires_non_root() {
        return None;
    } else {
        let mut detail = message::pod_or_containers(pod.names_with(Signals::NON_ROOT_UNSET))?;
        detail.push_str(" must set securityContext.runAsNonRoot=true");
        detail
    };
    Some(forbidden("runAsNonRoot != true", detail))
}

fn run_as_non_root_v1_35(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    // Root in a user namespace of its own is not root on the node.
    if pod.has_user_namespace() {
        return None;
    }
    run_as_non_root_v1_0(pod, release)
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let mut fields = Vec::new();
    // One field of the pod serves all containers that leave it unset.
    let unset = pod
        .containers_with(Signals::NON_ROOT_UNSET)
        .next()
        .is_some();
    if pod.itself_shows(Signals::ROOT_ALLOWED) || (unset && !pod.requires_non_root()) {
        fields.push(Path::root("spec").child(FIELD).to_owned());
    }
    fields.extend(
        pod.containers_with(Signals::ROOT_ALLOWED)
            .map(|one| one.field(FIELD)),
    );
    fields
        .into_iter()
        .map(|field| Remedy::set(field, "true"))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "runAsNonRoot";

    #[test]
    fn names_who_allows_root_before_who_says_nothing() {
        let pod = r#"{"spec": {"containers": [
            {"name": "a"}, {"name": "b", "securityContext": {"runAsNonRoot": false}}]}}"#;
        let text = r#"runAsNonRoot != true (container "b" must not set securityContext.runAsNonRoot=false)"#;
        check(ID, "restricted", pod, Some(text));
        check(ID, "baseline", pod, None);
        assert_eq!(
            help(ID, "restricted", pod),
            "set spec.securityContext.runAsNonRoot, spec.containers[1].securityContext.runAsNonRoot to true"
        );
    }

    #[test]
    fn containers_may_leave_it_to_the_pod() {
        let pod = r#"{"spec": {"securityContext": {"runAsNonRoot": true}, "containers": [{"name": "a"}]}}"#;
        check(ID, "restricted", pod, None);
        let pod = r#"{"spec": {"containers": [{"name": "a"}, {"name": "b", "securityContext": {"runAsNonRoot": true}}]}}"#;
        let text = r#"runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)"#;
        check(ID, "restricted", pod, Some(text));
        assert_eq!(
            help(ID, "restricted", pod),
            "set spec.securityContext.runAsNonRoot to true"
        );
    }

    #[test]
    fn a_pod_that_allows_root_is_refused_whatever_its_containers_set() {
        let pod = r#"{"spec": {"hostUsers": false, "securityContext": {"runAsNonRoot": false},
            "containers": [{"name": "a", "securityContext": {"runAsNonRoot": true}}]}}"#;
        let text = "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)";
        check(ID, "restricted:v1.34", pod, Some(text));
        check(ID, "restricted:v1.35", pod, None);
    }
}
