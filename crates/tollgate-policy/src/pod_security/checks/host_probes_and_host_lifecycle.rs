//! Probe and lifecycle hosts: the node must not be made to call other hosts on a pod's behalf.
//!
//! Fields: httpGet.host and tcpSocket.host of probes and lifecycle handlers of all containers
//! Allowed: unset, empty
//! Level: baseline, since v1.34
//! Upstream: pod-security-admission `hostProbesAndHostLifecycle`

use crate::control::{Control, Policy};
use crate::pod_security::check::{Check, Versioned};
use crate::pod_security::evaluate::{Forbidden, forbidden};
use crate::pod_security::remedy::Remedy;
use crate::pod_security::view::{ContainerView, PodView, Signals, each_field};
use crate::pod_security::{Level, message};
use tollgate_api::{Release, Value};

/// The check.
pub const CHECK: Check = Check {
    level: Level::Baseline,
    control: Control {
        id: "hostProbesAndHostLifecycle",
        policy: Policy::PodSecurity,
        guards: "Probes and lifecycle handlers may not make the node call another host.",
        fields: &[
            "spec.containers[*].livenessProbe.httpGet.host",
            "spec.containers[*].livenessProbe.tcpSocket.host",
            "spec.containers[*].readinessProbe.httpGet.host",
            "spec.containers[*].readinessProbe.tcpSocket.host",
            "spec.containers[*].startupProbe.httpGet.host",
            "spec.containers[*].startupProbe.tcpSocket.host",
            "spec.containers[*].lifecycle.postStart.httpGet.host",
            "spec.containers[*].lifecycle.postStart.tcpSocket.host",
            "spec.containers[*].lifecycle.preStop.httpGet.host",
            "spec.containers[*].lifecycle.preStop.tcpSocket.host",
            "the same of spec.initContainers[*] and spec.ephemeralContainers[*]",
        ],
        allowed: "unset, empty",
        since: "baseline v1.34",
        upstream: "pod-security-admission policy/check_hostProbesAndhostLifecycle.go",
        failing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    livenessProbe:
      httpGet: {port: 8080, host: 127.0.0.1}
"
        ),
        passing: example!(
            "baseline",
            r"spec:
  containers:
  - name: app
    image: registry.example/app:1
    livenessProbe:
      httpGet: {port: 8080}
"
        ),
    },
    versions: &[Versioned {
        since: 34,
        overrides: &[],
        looks_for: Signals::HANDLER_HOST,
        judge: host_probes_and_host_lifecycle_v1_34,
        remedies,
    }],
};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
const LIFECYCLE: [&str; 2] = ["postStart", "preStop"];

/// Whether one of a container's liveness, readiness and startup probes or its lifecycle names a host.
pub(in crate::pod_security) fn names_a_host(handlers: [&Value; 4]) -> bool {
    let [probes @ .., lifecycle] = handlers;
    let names_a_host = |handler: &Value| hosts_of(handler).iter().any(|(_, host)| !host.is_empty());
    probes.into_iter().any(names_a_host)
        || LIFECYCLE
            .into_iter()
            .filter_map(|event| lifecycle.get(event))
            .any(names_a_host)
}

/// The actions of a handler that can name a host, with the hosts they name.
fn hosts_of(handler: &Value) -> [(&'static str, &str); 2] {
    let (mut http_get, mut tcp_socket) = ("", "");
    each_field(handler, |key, action| match key {
        "httpGet" => http_get = action.str_or_empty("host"),
        "tcpSocket" => tcp_socket = action.str_or_empty("host"),
        _ => {}
    });
    [("httpGet", http_get), ("tcpSocket", tcp_socket)]
}

/// Where a container names hosts, and which.
fn hosts<'a>(container: &ContainerView<'a>) -> Vec<(String, &'a str)> {
    let mut found = Vec::new();
    let mut look = |place: String, handler: &'a Value| {
        let named = hosts_of(handler)
            .into_iter()
            .filter(|(_, host)| !host.is_empty());
        found.extend(named.map(|(action, host)| (format!("{place}.{action}.host"), host)));
    };
    for probe in PROBES {
        if let Some(handler) = container.value.get(probe) {
            look(probe.to_owned(), handler);
        }
    }
    for event in LIFECYCLE {
        if let Some(handler) = container.value.at(&["lifecycle", event]) {
            look(format!("lifecycle.{event}"), handler);
        }
    }
    found
}

fn host_probes_and_host_lifecycle_v1_34(pod: &PodView<'_>, _: Release) -> Option<Forbidden> {
    // Unlike in every other check, names are sorted, and each is said once.
    let names = message::sorted(pod.names_with(Signals::HANDLER_HOST));
    let containers = pod.containers_with(Signals::HANDLER_HOST);
    let hosts = message::sorted(containers.flat_map(hosts).map(|(_, host)| host));
    let mut detail = message::containers(names.iter().copied())?;
    detail.push_str(message::plural(names.len(), " uses ", " use "));
    let (one, many) = ("probe or lifecycle host ", "probe or lifecycle hosts ");
    detail.push_str(message::plural(hosts.len(), one, many));
    message::push_quoted(&mut detail, hosts);
    Some(forbidden("probe or lifecycle host", detail))
}

fn remedies(pod: &PodView<'_>, _: Release) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    for container in pod.containers_with(Signals::HANDLER_HOST) {
        let places = hosts(container).into_iter();
        remedies.extend(places.map(|(place, _)| Remedy::remove(container.field(&place))));
    }
    remedies
}

#[cfg(test)]
mod tests {
    use crate::pod_security::testing::{check, help};

    const ID: &str = "hostProbesAndHostLifecycle";

    #[test]
    fn sorts_names_and_hosts() {
        let pod = r#"{"spec": {"containers": [
            {"name": "z", "livenessProbe": {"httpGet": {"host": "h"}, "tcpSocket": {"host": "h"}},
                          "lifecycle": {"preStop": {"tcpSocket": {"host": "g"}}}},
            {"name": "a", "startupProbe": {"tcpSocket": {"host": "h"}}},
            {"name": "b", "readinessProbe": {"httpGet": {"host": ""}}}]}}"#;
        let text = r#"probe or lifecycle host (containers "a", "z" use probe or lifecycle hosts "g", "h")"#;
        check(ID, "baseline:v1.34", pod, Some(text));
        check(ID, "restricted", pod, Some(text));
        check(ID, "restricted:v1.33", pod, None);
        assert_eq!(
            help(ID, "baseline", pod),
            "remove spec.containers[0].livenessProbe.httpGet.host, \
             spec.containers[0].livenessProbe.tcpSocket.host, \
             spec.containers[0].lifecycle.preStop.tcpSocket.host, \
             spec.containers[1].startupProbe.tcpSocket.host"
        );
    }
}
