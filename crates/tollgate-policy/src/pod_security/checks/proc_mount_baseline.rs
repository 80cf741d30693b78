//! /proc, baseline: the masks that the runtime lays over /proc must stay, unless the pod has its own users.
//!
//! Fields: `spec.{containers,initContainers,ephemeralContainers}[*].securityContext.procMount`
//! Allowed: unset, Default; since v1.35 anything with hostUsers: false
//! Level: baseline, since v1.0; at restricted, `procMount_restricted` takes over from v1.35
//! Upstream: pod-security-admission `procMount`

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
        id: "procMount",
        policy: Policy::PodSecurity,
        guards: "The masks over /proc may not be taken away from containers that share their node's users.",
        fields: &[
            "spec.initContainers[*].securityContext.procMount",
            "spec.containers[*].securityContext.procMount",
            "spec.ephemeralContainers[*].securityContext.procMount",
        ],
        allowed: "unset, Default; anything with spec.hostUsers false (from v1.35)",
        since: "baseline v1.0; v1.35 leaves out pods with spec.hostUsers false, and at restricted procMount_restricted takes over",
        upstream: "pod-security-admission policy/check_procMount.go",
        // Validation allows Unmasked only with hostUsers: false, which v1.35 leaves to it.
        failing: example!(
            "baseline\n    pod-security.kubernetes.io/enforce-version: v1.34",
            r"spec:
  hostUsers: false
  containers:
  - name: app
    image: registry.example/app:1
    securityContext: {procMount: Unmasked}
"
        ),
        passing: example!(
            "baseline\n    pod-security.kubernetes.io/enforce-version: v1.34",
            r"spec:
  hostUsers: false
  containers:
  - name: app
    image: registry.example/app:1
    securityContext: {procMount: Default}
"
        ),
    },
    versions: &[
        Versioned {
            since: 0,
            overrides: &[],
            looks_for: Signals::PROC_MOUNT,
            judge: proc_mount_v1_0,
            remedies,
        },
        Versioned {
            since: 35,
            overrides: &[],
            looks_for: Signals::PROC_MOUNT,
            judge: proc_mount_v1_35,
            remedies,
        },
    ],
};

/// Whether a container may set this.
pub(in crate::pod_security) fn is_allowed(proc_mount: &str) -> bool {
    proc_mount == "Default"
}

/// Refuses everything that is not the default.
pub(super) fn proc_mount_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let mut detail = message::containers(pod.names_with(Signals::PROC_MOUNT))?;
    let values = message::sorted(
        pod.containers_with(Signals::PROC_MOUNT)
            .map(|container| container.security_context.str_or_empty("procMount")),
    );
    detail.push_str(" must not set securityContext.procMount to ");
    message::push_quoted(&mut detail, values);
    Some(forbidden("procMount", detail))
}

fn proc_mount_v1_35(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    if pod.has_user_namespace() {
        return None;
    }
    proc_mount_v1_0(pod, release)
}

/// To set the default.
pub(super) fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    pod.containers_with(Signals::PROC_MOUNT)
        .map(|container| Remedy::set(container.field("securityContext.procMount"), "Default"))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "procMount";
    const TEXT: &str =
        r#"procMount (container "a" must not set securityContext.procMount to "Unmasked")"#;

    #[test]
    fn pods_with_users_of_their_own_are_free_from_1_35_on() {
        let pod = r#"{"spec": {"hostUsers": false, "containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}}"#;
        check(ID, "baseline:v1.34", pod, Some(TEXT));
        check(ID, "restricted:v1.34", pod, Some(TEXT));
        check(ID, "baseline:v1.35", pod, None);
        check(ID, "restricted:v1.35", pod, None);
    }

    #[test]
    fn others_must_keep_the_default() {
        let pod = r#"{"spec": {"hostUsers": true, "containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}}"#;
        check(ID, "baseline", pod, Some(TEXT));
        assert_eq!(
            help(ID, "baseline", pod),
            "set spec.containers[0].securityContext.procMount to Default"
        );
    }
}
