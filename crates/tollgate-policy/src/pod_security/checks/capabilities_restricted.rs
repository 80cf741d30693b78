//! Capabilities, restricted: a container must drop all of them and may add one.
//!
//! Fields: `spec.{containers,initContainers,ephemeralContainers}[*].securityContext.capabilities.{drop,add}`
//! Allowed: drop with ALL; add unset or NET_BIND_SERVICE
//! Level: restricted, since v1.22; since v1.25 not for pods of Windows
//! Upstream: pod-security-admission `capabilities_restricted`

use super::capabilities_baseline::{push_forbidden, take_forbidden};
use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::{Fix, Remedy};
use crate::pod_security::view::{PodView, Signals};
use crate::pod_security::{Level, message};
use tollgate_api::{Release, Value};

/// The check.
pub const CHECK: Check = Check {
    level: Level::Restricted,
    control: Control {
        id: "capabilities_restricted",
        policy: Policy::PodSecurity,
        guards: "Containers must drop all capabilities and may add NET_BIND_SERVICE alone.",
        fields: &[
            "spec.initContainers[*].securityContext.capabilities.drop",
            "spec.containers[*].securityContext.capabilities.drop",
            "spec.ephemeralContainers[*].securityContext.capabilities.drop",
            "spec.initContainers[*].securityContext.capabilities.add",
            "spec.containers[*].securityContext.capabilities.add",
            "spec.ephemeralContainers[*].securityContext.capabilities.add",
        ],
        allowed: "drop: a list with ALL; add: unset, NET_BIND_SERVICE; anything in pods whose spec.os.name is windows (from v1.25)",
        since: "restricted v1.22; v1.25 leaves out pods of Windows",
        upstream: "pod-security-admission policy/check_capabilities_restricted.go",
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
      allowPrivilegeEscalation: false
      capabilities: {drop: [NET_RAW]}
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
      capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
"
        ),
    },
    versions: &[
        Versioned {
            since: 22,
            overrides: &["capabilities_baseline"],
            looks_for: Signals::CAPABILITIES_KEPT.and(Signals::CAPABILITY_ADDED),
            judge: capabilities_restricted_v1_22,
            remedies,
        },
        Versioned {
            since: 25,
            overrides: &["capabilities_baseline"],
            looks_for: Signals::CAPABILITIES_KEPT.and(Signals::CAPABILITY_ADDED),
            judge: capabilities_restricted_v1_25,
            remedies,
        },
    ],
};

/// Whether a container may add this capability.
pub(in crate::pod_security) fn is_allowed(capability: &str) -> bool {
    capability == "NET_BIND_SERVICE"
}

/// Whether `capabilities` of a security context drop all of them.
pub(in crate::pod_security) fn drops_all(capabilities: &Value) -> bool {
    let mut dropped = capabilities.items("drop").iter();
    dropped.any(|capability| capability.as_str() == Some("ALL"))
}

fn capabilities_restricted_v1_22(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let mut detail = String::new();
    if let Some(keeping) = message::containers(pod.names_with(Signals::CAPABILITIES_KEPT)) {
        detail = keeping;
        detail.push_str(" must set securityContext.capabilities.drop=[\"ALL\"]");
    }
    if let Some(adding) = message::containers(pod.names_with(Signals::CAPABILITY_ADDED)) {
        if !detail.is_empty() {
            detail.push_str("; ");
        }
        detail.push_str(&adding);
        push_forbidden(&mut detail, pod, Signals::CAPABILITY_ADDED, is_allowed);
    }
    (!detail.is_empty()).then(|| forbidden("unrestricted capabilities", detail))
}

fn capabilities_restricted_v1_25(pod: &PodView<'_>, release: Release) -> Option<Forbidden> {
    // Windows has no such thing, and validation refuses the field there.
    if pod.is_windows() {
        return None;
    }
    capabilities_restricted_v1_22(pod, release)
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let keeping = pod
        .containers_with(Signals::CAPABILITIES_KEPT)
        .map(|container| {
            let drop = container.security_context.at(&["capabilities", "drop"]);
            let has_others = drop
                .and_then(Value::as_array)
                .is_some_and(|drop| !drop.is_empty());
            Remedy {
                field: container.field("securityContext.capabilities.drop"),
                fix: if has_others {
                    Fix::Add("ALL")
                } else {
                    Fix::Set("[\"ALL\"]")
                },
            }
        });
    let adding = take_forbidden(pod, Signals::CAPABILITY_ADDED, is_allowed);
    keeping.chain(adding).collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "capabilities_restricted";

    #[test]
    fn asks_to_drop_all_and_not_to_add_others() {
        let pod = r#"{"spec": {"containers": [
            {"name": "a"},
            {"name": "b", "securityContext": {"capabilities": {"drop": ["all"], "add": ["CHOWN"]}}},
            {"name": "c", "securityContext": {"capabilities": {"drop": ["KILL", "ALL"], "add": ["NET_BIND_SERVICE"]}}}]}}"#;
        check(
            ID,
            "restricted",
            pod,
            Some(
                r#"unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"]; container "b" must not include "CHOWN" in securityContext.capabilities.add)"#,
            ),
        );
        check(ID, "restricted:v1.21", pod, None);
        assert_eq!(
            help(ID, "restricted", pod),
            "set spec.containers[0].securityContext.capabilities.drop to [\"ALL\"]; \
             add \"ALL\" to spec.containers[1].securityContext.capabilities.drop; \
             remove \"CHOWN\" from spec.containers[1].securityContext.capabilities.add"
        );
    }

    #[test]
    fn is_not_asked_of_windows_from_1_25_on() {
        let pod = r#"{"spec": {"os": {"name": "windows"}, "containers": [{"name": "a"}]}}"#;
        let text = r#"unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])"#;
        check(ID, "restricted:v1.24", pod, Some(text));
        check(ID, "restricted:v1.25", pod, None);
    }
}
