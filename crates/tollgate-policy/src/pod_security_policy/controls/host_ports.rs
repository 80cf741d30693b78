//! Host ports: a pod must not open a port on its node.
//!
//! Fields: spec.{initContainers,containers}[*].ports[*].hostPort
//! Allowed: unset, 0, or within a range of the policy's `hostPorts`
//! Mutates: no
//! Upstream: podsecuritypolicy/provider.go, 1.24

use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, spec_field};
use super::example;
use crate::control::{Control, Policy};
use tollgate_api::Value;
use tollgate_api::field::Error;

pub(super) const CONTROL: Control = Control {
    id: "hostPorts",
    policy: Policy::PodSecurityPolicy,
    guards: "keeps pods from opening ports on their node",
    fields: &[
        "spec.initContainers[*].ports[*].hostPort",
        "spec.containers[*].ports[*].hostPort",
        "spec.ephemeralContainers[*].ports[*].hostPort",
    ],
    allowed: "unset, `0`, or a port within a range of the policy's `hostPorts`",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["hostPorts:", "- min: 8000", "  max: 8080"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  ports:", "  - containerPort: 80", "    hostPort: 80",
        ],
    ),
    passing: example!(
        spec: ["hostPorts:", "- min: 8000", "  max: 8080"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  ports:", "  - containerPort: 80", "    hostPort: 8080",
        ],
    ),
};

/// `spec.hostPorts`
#[derive(Debug, Clone)]
pub(in super::super) struct HostPorts {
    ranges: Vec<(i64, i64)>,
}

impl HostPorts {
    pub(in super::super) fn read(spec: &Value) -> Self {
        let ends = |range: &Value| {
            (
                range.int("min").unwrap_or_default(),
                range.int("max").unwrap_or_default(),
            )
        };
        Self {
            ranges: spec.items("hostPorts").iter().map(ends).collect(),
        }
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        for (index, port) in container.value.items("ports").iter().enumerate() {
            let Some(port) = port.int("hostPort").filter(|port| *port > 0) else {
                continue;
            };
            let fits = |(min, max): &(i64, i64)| (*min..=*max).contains(&port);
            if self.ranges.iter().any(fits) {
                continue;
            }
            findings.add(|| self.finding(container, index, port));
        }
    }

    fn finding(&self, container: &Container<'_>, index: usize, port: i64) -> Finding {
        let allowed = self.print_ranges();
        let help = if allowed.is_empty() {
            "remove `hostPort`".to_owned()
        } else {
            format!("remove `hostPort` or choose one of `{allowed}`")
        };
        let detail =
            format!("Host port {port} is not allowed to be used. Allowed ports: [{allowed}]");
        Finding {
            control: CONTROL.id,
            // Upstream's path stops short of the port.
            error: container
                .at(|path| Error::invalid(&path.child("hostPort"), port, detail.as_str())),
            fields: vec![container.at(|path| {
                let ports = path.child("ports");
                let port = ports.index(index);
                port.child("hostPort").to_owned()
            })],
            policy_fields: vec![spec_field("hostPorts")],
            help,
        }
    }

    fn print_ranges(&self) -> String {
        let print = |(min, max): &(i64, i64)| {
            if min == max {
                min.to_string()
            } else {
                format!("{min}-{max}")
            }
        };
        let ranges: Vec<String> = self.ranges.iter().map(print).collect();
        ranges.join(",")
    }
}
