//! Not as user 0: neither pod nor container may name root as its user.
//!
//! Fields: `spec.securityContext.runAsUser`, the same of containers
//! Allowed: unset, any number but 0; since v1.35 anything with hostUsers: false
//! Level: restricted, since v1.23
//! Upstream: pod-security-admission `runAsUser`

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
        id: "runAsUser",
        policy: Policy::PodSecurity,
        guards: "Neither pods nor containers may name root as their user.",
        fields: &[
            "spec.securityContext.runAsUser",
            "spec.initContainers[*].securityContext.runAsUser",
            "spec.containers[*].securityContext.runAsUser",
            "spec.ephemeralContainers[*].securityContext.runAsUser",
        ],
        allowed: "unset, any number but 0; anything with spec.hostUsers false (from v1.35)",
        since: "restricted v1.23; v1.35 leaves out pods with spec.hostUsers false",
        upstream: "pod-security-admission policy/check_runAsUser.go",
        failing: example!(
            "restricted",
            r"spec:
  securityContext:
    runAsNonRoot: true
    runAsUser: 0
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
    runAsUser: 1000
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
            since: 23,
            overrides: &[],
            looks_for: Signals::ROOT_USER,
            judge: run_as_user_v1_23,
            remedies,
        },
        Versioned {
            since: 35,
            overrides: &[],
            looks_for: Signals::ROOT_USER,
            judge: run_as_user_v1_35,
            remedies,
        },
    ],
};

const FIELD: &str = "securityContext.runAsUser";

fn run_as_user_v1_23(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let mut detail = message::setters(
        pod.itself_shows(Signals::ROOT_USER),
        pod.names_with(Signals::ROOT_USER),
    )?;
    detail.push_str(" must not set runAsUser=0");
    Some(forbidden("runAsUser=0", detail))
}

fn run_as_user_v1_35(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    // Root in a user namespace of its own is not root on the node.
    if pod.has_user_namespace() {
        return None;
    }
    run_as_user_v1_23(pod, release)
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let own = pod.itself_shows(Signals::ROOT_USER);
    let own = own.then(|| Path::root("spec").child(FIELD).to_owned());
    let containers = pod.containers_with(Signals::ROOT_USER);
    own.into_iter()
        .chain(containers.map(|container| container.field(FIELD)))
        .map(Remedy::remove)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "runAsUser";

    #[test]
    fn names_pod_and_containers() {
        let pod = r#"{"spec": {"securityContext": {"runAsUser": 0}, "containers": [
            {"name": "a", "securityContext": {"runAsUser": 0}}, {"name": "b", "securityContext": {"runAsUser": 1}}]}}"#;
        let text = r#"runAsUser=0 (pod and container "a" must not set runAsUser=0)"#;
        check(ID, "restricted:v1.22", pod, None);
        check(ID, "restricted:v1.23", pod, Some(text));
        check(ID, "restricted", pod, Some(text));
        assert_eq!(
            help(ID, "restricted", pod),
            "remove spec.securityContext.runAsUser, spec.containers[0].securityContext.runAsUser"
        );
    }

    #[test]
    fn pods_with_users_of_their_own_are_free_from_1_35_on() {
        let pod = r#"{"spec": {"hostUsers": false, "securityContext": {"runAsUser": 0}}}"#;
        let text = "runAsUser=0 (pod must not set runAsUser=0)";
        check(ID, "restricted:v1.34", pod, Some(text));
        check(ID, "restricted:v1.35", pod, None);
    }
}
