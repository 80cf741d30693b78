//! Privileged containers: they have nearly all rights of their node.
//!
//! Fields: spec.{initContainers,containers,ephemeralContainers}[*].securityContext.privileged
//! Allowed: unset, false; true if the policy says `privileged: true`
//! Mutates: no
//! Upstream: podsecuritypolicy/provider.go, 1.24

use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, spec_field};
use super::example;
use crate::control::{Control, Policy};
use tollgate_api::Value;
use tollgate_api::field::Error;

pub(super) const CONTROL: Control = Control {
    id: "privileged",
    policy: Policy::PodSecurityPolicy,
    guards: "keeps containers from running with nearly all rights of their node",
    fields: &[
        "spec.initContainers[*].securityContext.privileged",
        "spec.containers[*].securityContext.privileged",
        "spec.ephemeralContainers[*].securityContext.privileged",
    ],
    allowed: "unset or `false`; `true` where the policy says `privileged: true`",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["privileged: false"],
        pod: ["containers:", "- name: web", "  image: nginx", "  securityContext:", "    privileged: true"],
    ),
    passing: example!(
        spec: ["privileged: true"],
        pod: ["containers:", "- name: web", "  image: nginx", "  securityContext:", "    privileged: true"],
    ),
};

/// `spec.privileged`
#[derive(Debug, Clone)]
pub(in super::super) struct Privileged {
    allowed: bool,
}

impl Privileged {
    pub(in super::super) fn read(spec: &Value) -> Self {
        Self {
            allowed: spec.bool("privileged") == Some(true),
        }
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        if self.allowed || container.security_context.bool("privileged") != Some(true) {
            return;
        }
        findings.add(|| Finding {
            control: CONTROL.id,
            error: container.at_security_context(|path| {
                Error::invalid(
                    &path.child("privileged"),
                    true,
                    "Privileged containers are not allowed",
                )
            }),
            fields: vec![container.own_field("privileged")],
            policy_fields: vec![spec_field("privileged")],
            help: "remove `privileged: true`".to_owned(),
        });
    }
}
