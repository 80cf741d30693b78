//! Host namespaces: a pod must not share its node's network, processes or IPC.
//!
//! Fields: spec.hostNetwork, spec.hostPID, spec.hostIPC
//! Allowed: unset, false; true if the policy's field of the same name is true
//! Mutates: no
//! Upstream: podsecuritypolicy/provider.go, 1.24

use super::super::finding::{Finding, Findings};
use super::super::pod::{Pod, spec_field};
use super::example;
use crate::control::{Control, Policy};
use tollgate_api::Value;
use tollgate_api::field::{Error, Path};

pub(super) const HOST_NETWORK: Control = Control {
    id: "hostNetwork",
    policy: Policy::PodSecurityPolicy,
    guards: "keeps pods out of the network of their node",
    fields: &["spec.hostNetwork"],
    allowed: "unset or `false`; `true` where the policy says `hostNetwork: true`",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["hostNetwork: false"],
        pod: ["hostNetwork: true", "containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        spec: ["hostNetwork: true"],
        pod: ["hostNetwork: true", "containers:", "- name: web", "  image: nginx"],
    ),
};

pub(super) const HOST_PID: Control = Control {
    id: "hostPID",
    policy: Policy::PodSecurityPolicy,
    guards: "keeps pods from seeing the processes of their node",
    fields: &["spec.hostPID"],
    allowed: "unset or `false`; `true` where the policy says `hostPID: true`",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["hostPID: false"],
        pod: ["hostPID: true", "containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        spec: ["hostPID: true"],
        pod: ["hostPID: true", "containers:", "- name: web", "  image: nginx"],
    ),
};

pub(super) const HOST_IPC: Control = Control {
    id: "hostIPC",
    policy: Policy::PodSecurityPolicy,
    guards: "keeps pods out of the shared memory and semaphores of their node",
    fields: &["spec.hostIPC"],
    allowed: "unset or `false`; `true` where the policy says `hostIPC: true`",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["hostIPC: false"],
        pod: ["hostIPC: true", "containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        spec: ["hostIPC: true"],
        pod: ["hostIPC: true", "containers:", "- name: web", "  image: nginx"],
    ),
};

/// The three namespaces: field (which is the control's id, too) and upstream's text.
const NAMESPACES: [(&str, &str); 3] = [
    (HOST_NETWORK.id, "Host network is not allowed to be used"),
    (HOST_PID.id, "Host PID is not allowed to be used"),
    (HOST_IPC.id, "Host IPC is not allowed to be used"),
];

/// `spec.hostNetwork`, `spec.hostPID` and `spec.hostIPC`
#[derive(Debug, Clone)]
pub(in super::super) struct HostNamespaces {
    allowed: [bool; 3],
}

impl HostNamespaces {
    pub(in super::super) fn read(spec: &Value) -> Self {
        Self {
            allowed: NAMESPACES.map(|(field, _)| spec.bool(field) == Some(true)),
        }
    }

    pub(in super::super) fn validate(&self, pod: &Pod<'_>, findings: &mut Findings) {
        for ((field, text), allowed) in NAMESPACES.into_iter().zip(self.allowed) {
            if allowed || pod.spec.bool(field) != Some(true) {
                continue;
            }
            findings.add(|| Finding {
                control: field,
                // Upstream keeps these fields in its internal security context and says so.
                error: {
                    let spec = Path::root("spec");
                    let context = spec.child("securityContext");
                    Error::invalid(&context.child(field), true, text)
                },
                fields: vec![spec_field(field)],
                policy_fields: vec![spec_field(field)],
                help: format!("remove `{field}: true`"),
            });
        }
    }
}
