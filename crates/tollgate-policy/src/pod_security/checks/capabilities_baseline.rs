//! Capabilities, baseline: a container may add only what container runtimes grant by default.
//!
//! Fields: `spec.{containers,initContainers,ephemeralContainers}[*].securityContext.capabilities.add`
//! Allowed: the default set of container runtimes
//! Level: baseline, since v1.0; at restricted, `capabilities_restricted` takes over from v1.22
//! Upstream: pod-security-admission `capabilities_baseline`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::{Fix, Remedy};
use crate::pod_security::view::{ContainerView, PodView, Signals};
use crate::pod_security::{Level, message};
use tollgate_api::Release;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "capabilities_baseline",
        policy: Policy::PodSecurity,
        guards: "Containers may not be given capabilities that container runtimes do not grant by default.",
        fields: &[
            "spec.initContainers[*].securityContext.capabilities.add",
            "spec.containers[*].securityContext.capabilities.add",
            "spec.ephemeralContainers[*].securityContext.capabilities.add",
        ],
        allowed: "AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT",
        since: "baseline v1.0; at restricted, capabilities_restricted takes over from v1.22",
        upstream: "pod-security-admission policy/check_capabilities_baseline.go",
        failing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      capabilities: {add: [SYS_ADMIN]}
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    securityContext:
      capabilities: {add: [CHOWN]}
"
        ),
    },
    versions: &[Versioned {
        since: 0,
        overrides: &[],
        looks_for: Signals::CAPABILITY_NOT_DEFAULT,
        judge: capabilities_baseline_v1_0,
        remedies,
    }],
};

/// Whether container runtimes grant this capability by default.
pub(in crate::pod_security) fn is_default(capability: &str) -> bool {
    matches!(
        capability,
        "AUDIT_WRITE"
            | "CHOWN"
            | "DAC_OVERRIDE"
            | "FOWNER"
            | "FSETID"
            | "KILL"
            | "MKNOD"
            | "NET_BIND_SERVICE"
            | "SETFCAP"
            | "SETGID"
            | "SETPCAP"
            | "SETUID"
            | "SYS_CHROOT"
    )
}

/// The capabilities that a container adds.
pub(super) fn added<'a>(container: &ContainerView<'a>) -> impl Iterator<Item = &'a str> {
    container
        .security_context
        .get("capabilities")
        .map(|capabilities| capabilities.items("add"))
        .unwrap_or_default()
        .iter()
        .map(|capability| capability.as_str().unwrap_or_default())
}

/// Appends ` must not include "X", "Y" in securityContext.capabilities.add`, of what the containers with `signal`
/// add and is not `allowed`.
pub(super) fn push_forbidden(
    detail: &mut String,
    pod: &PodView<'_>,
    signal: Signals,
    allowed: fn(&str) -> bool,
) {
    let capabilities = message::sorted(
        pod.containers_with(signal)
            .flat_map(added)
            .filter(|capability| !allowed(capability)),
    );
    detail.push_str(" must not include ");
    message::push_quoted(detail, capabilities);
    detail.push_str(" in securityContext.capabilities.add");
}

/// For each container with `signal`, to take out of its `add` what is not `allowed`.
pub(super) fn take_forbidden(
    pod: &PodView<'_>,
    signal: Signals,
    allowed: fn(&str) -> bool,
) -> impl Iterator<Item = Remedy> {
    pod.containers_with(signal).map(move |container| {
        let names = message::sorted(added(container).filter(|name| !allowed(name)));
        Remedy {
            field: container.field("securityContext.capabilities.add"),
            fix: Fix::Take(names.into_iter().map(str::to_owned).collect()),
        }
    })
}

fn capabilities_baseline_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let mut detail = message::containers(pod.names_with(Signals::CAPABILITY_NOT_DEFAULT))?;
    push_forbidden(
        &mut detail,
        pod,
        Signals::CAPABILITY_NOT_DEFAULT,
        is_default,
    );
    Some(forbidden("non-default capabilities", detail))
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    take_forbidden(pod, Signals::CAPABILITY_NOT_DEFAULT, is_default).collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "capabilities_baseline";

    #[test]
    fn lists_each_capability_once_sorted() {
        let pod = r#"{"spec": {"containers": [
            {"name": "a", "securityContext": {"capabilities": {"add": ["SYS_ADMIN", "CHOWN", "BPF", ""]}}},
            {"name": "b", "securityContext": {"capabilities": {"add": ["BPF"]}}},
            {"name": "c", "securityContext": {"capabilities": {"add": ["KILL"]}}}]}}"#;
        let text = r#"non-default capabilities (containers "a", "b" must not include "", "BPF", "SYS_ADMIN" in securityContext.capabilities.add)"#;
        check(ID, "baseline", pod, Some(text));
        check(ID, "restricted:v1.21", pod, Some(text));
        check(ID, "restricted:v1.22", pod, None);
        assert_eq!(
            help(ID, "restricted:v1.0", pod),
            "remove \"\", \"BPF\", \"SYS_ADMIN\" from spec.containers[0].securityContext.capabilities.add; \
             remove \"BPF\" from spec.containers[1].securityContext.capabilities.add"
        );
    }
}
