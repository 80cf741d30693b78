//! Host processes: a container of Windows must not be a process of its node.
//!
//! Fields: `spec.securityContext.windowsOptions.hostProcess`, the same of containers
//! Allowed: unset, false
//! Level: baseline, since v1.0
//! Upstream: pod-security-admission `windowsHostProcess`

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
    level: Level::Baseline,
    control: Control {
        id: "windowsHostProcess",
        policy: Policy::PodSecurity,
        guards: "Containers of Windows may not be processes of their node.",
        fields: &[
            "spec.securityContext.windowsOptions.hostProcess",
            "spec.initContainers[*].securityContext.windowsOptions.hostProcess",
            "spec.containers[*].securityContext.windowsOptions.hostProcess",
            "spec.ephemeralContainers[*].securityContext.windowsOptions.hostProcess",
        ],
        allowed: "unset, false",
        since: "baseline v1.0",
        upstream: "pod-security-admission policy/check_windowsHostProcess.go",
        // Validation asks for hostNetwork with it, which hostNamespaces refuses as well.
        failing: example!(
            "baseline",
            r"spec:
  os: {name: windows}
  hostNetwork: true
  securityContext:
    windowsOptions: {hostProcess: true}
  containers:
  - name: app
    image: registry.example/app:1
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  os: {name: windows}
  securityContext:
    windowsOptions: {hostProcess: false}
  containers:
  - name: app
    image: registry.example/app:1
"
        ),
    },
    versions: &[Versioned {
        since: 0,
        overrides: &[],
        looks_for: Signals::HOST_PROCESS,
        judge: windows_host_process_v1_0,
        remedies,
    }],
};

const FIELD: &str = "securityContext.windowsOptions.hostProcess";

fn windows_host_process_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let mut detail = message::setters(
        pod.itself_shows(Signals::HOST_PROCESS),
        pod.names_with(Signals::HOST_PROCESS),
    )?;
    detail.push_str(" must not set securityContext.windowsOptions.hostProcess=true");
    Some(forbidden("hostProcess", detail))
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let own = pod.itself_shows(Signals::HOST_PROCESS);
    let own = own.then(|| Path::root("spec").child(FIELD).to_owned());
    let containers = pod.containers_with(Signals::HOST_PROCESS);
    own.into_iter()
        .chain(containers.map(|container| container.field(FIELD)))
        .map(|field| Remedy::set(field, "false"))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "windowsHostProcess";

    #[test]
    fn names_pod_and_containers() {
        let pod = r#"{"spec": {"securityContext": {"windowsOptions": {"hostProcess": true}}, "containers": [
            {"name": "a", "securityContext": {"windowsOptions": {"hostProcess": true}}},
            {"name": "b", "securityContext": {"windowsOptions": {"hostProcess": false}}}]}}"#;
        let text = r#"hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)"#;
        check(ID, "baseline", pod, Some(text));
        check(ID, "restricted", pod, Some(text));
        assert_eq!(
            help(ID, "baseline", pod),
            "set spec.securityContext.windowsOptions.hostProcess, \
             spec.containers[0].securityContext.windowsOptions.hostProcess to false"
        );
    }
}
