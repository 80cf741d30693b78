//! Host ports: a pod must not open a port on its node.
//!
//! Fields: `spec.{containers,initContainers,ephemeralContainers}[*].ports[*].hostPort`
//! Allowed: unset, 0
//! Level: baseline, since v1.0
//! Upstream: pod-security-admission `hostPorts`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{ContainerView, PodView, Signals, host_port};
use crate::pod_security::{Level, message};
use tollgate_api::Release;
use tollgate_api::field::Path;

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "hostPorts",
        policy: Policy::PodSecurity,
        guards: "Pods may not open ports on their node.",
        fields: &[
            "spec.initContainers[*].ports[*].hostPort",
            "spec.containers[*].ports[*].hostPort",
            "spec.ephemeralContainers[*].ports[*].hostPort",
        ],
        allowed: "unset, 0",
        since: "baseline v1.0",
        upstream: "pod-security-admission policy/check_hostPorts.go",
        failing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    ports:
    - {containerPort: 8080, hostPort: 8080}
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    ports:
    - {containerPort: 8080}
"
        ),
    },
    versions: &[Versioned {
        since: 0,
        overrides: &[],
        looks_for: Signals::HOST_PORT,
        judge: host_ports_v1_0,
        remedies,
    }],
};

/// The places and numbers of a container's ports that open one on the node.
fn opened<'a>(container: &ContainerView<'a>) -> impl Iterator<Item = (usize, i64)> + use<'a> {
    let ports = container.value.items("ports").iter().enumerate();
    ports.filter_map(|(index, port)| Some((index, host_port(port)?)))
}

fn host_ports_v1_0(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    let containers = pod.containers_with(Signals::HOST_PORT);
    let mut detail = message::containers(pod.names_with(Signals::HOST_PORT))?;
    detail.push_str(message::plural(
        containers.clone().count(),
        " uses ",
        " use ",
    ));
    let ports = message::sorted(
        containers
            .flat_map(opened)
            .map(|(_, port)| port.to_string()),
    );
    detail.push_str(message::plural(ports.len(), "hostPort ", "hostPorts "));
    detail.push_str(&ports.join(", "));
    Some(forbidden("hostPort", detail))
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    for container in pod.containers_with(Signals::HOST_PORT) {
        container.with_path(|path: &Path<'_>| {
            let ports = path.child("ports");
            remedies.extend(
                opened(container).map(|(index, _)| {
                    Remedy::remove(ports.index(index).child("hostPort").to_owned())
                }),
            );
        });
    }
    remedies
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "hostPorts";

    #[test]
    fn sorts_ports_as_text() {
        let pod = r#"{"spec": {
            "containers": [{"name": "a", "ports": [{"hostPort": 80}, {"hostPort": 0}, {"hostPort": 443}]}],
            "initContainers": [{"name": "b", "ports": [{"hostPort": 80}]}]}}"#;
        let text = r#"hostPort (containers "b", "a" use hostPorts 443, 80)"#;
        check(ID, "baseline", pod, Some(text));
        assert_eq!(
            help(ID, "baseline", pod),
            "remove spec.initContainers[0].ports[0].hostPort, \
             spec.containers[0].ports[0].hostPort, spec.containers[0].ports[2].hostPort"
        );
    }

    #[test]
    fn verb_and_noun_count_for_themselves() {
        let pod = r#"{"spec": {"containers": [
            {"name": "a", "ports": [{"hostPort": 80}]}, {"name": "b", "ports": [{"hostPort": 80}]}]}}"#;
        check(
            ID,
            "baseline",
            pod,
            Some(r#"hostPort (containers "a", "b" use hostPort 80)"#),
        );
    }
}
