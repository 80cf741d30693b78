//! Host namespaces: a pod must not share the network, the processes or the IPC of its node.
//!
//! Fields: `spec.hostNetwork`, `spec.hostPID`, `spec.hostIPC`
//! Allowed: unset, false
//! Level: baseline, since v1.0
//! Upstream: pod-security-admission `hostNamespaces`

use crate::control::{Control, Policy};
use crate::pod_security::Level;
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{PodView, Signals};
use tollgate_api::Release;
use tollgate_api::field::Path;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "hostNamespaces",
        policy: Policy::PodSecurity,
        guards: "Pods may not share the network, the processes or the IPC of their node.",
        fields: &["spec.hostNetwork", "spec.hostPID", "spec.hostIPC"],
        allowed: "unset, false",
        since: "baseline v1.0",
        upstream: "pod-security-admission policy/check_hostNamespaces.go",
        failing: example!(
            "baseline",
            r"spec:
  hostPID: true
  containers:
  - name: app
    image: registry.example/app:1
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  hostPID: false
  containers:
  - name: app
    image: registry.example/app:1
"
        ),
    },
    versions: &[Versioned {
        since: 0,
        overrides: &[],
        looks_for: Signals::HOST_NAMESPACE,
        judge: host_namespaces_v1_0,
        remedies,
    }],
};

fn shared<'a>(pod: &PodView<'a>) -> impl Iterator<Item = &'static str> + use<'a> {
    let spec = pod.spec();
    ["hostNetwork", "hostPID", "hostIPC"]
        .into_iter()
        .filter(|field| spec.bool(field) == Some(true))
}

fn host_namespaces_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let fields: Vec<String> = shared(pod).map(|field| format!("{field}=true")).collect();
    (!fields.is_empty()).then(|| forbidden("host namespaces", fields.join(", ")))
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let spec = Path::root("spec");
    shared(pod)
        .map(|field| Remedy::set(spec.child(field).to_owned(), "false"))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "hostNamespaces";

    #[test]
    fn names_those_that_are_shared() {
        let pod = r#"{"spec": {"hostIPC": true, "hostPID": false, "hostNetwork": true}}"#;
        let text = "host namespaces (hostNetwork=true, hostIPC=true)";
        check(ID, "baseline:v1.0", pod, Some(text));
        check(ID, "restricted", pod, Some(text));
        check(ID, "privileged", pod, None);
        assert_eq!(
            help(ID, "baseline", pod),
            "set spec.hostNetwork, spec.hostIPC to false"
        );
    }
}
