//! Read-only root file systems: a container must not write to its image.
//!
//! Fields: spec.{initContainers,containers,ephemeralContainers}[*].securityContext.readOnlyRootFilesystem
//! Allowed: anything; only true if the policy says `readOnlyRootFilesystem: true`
//! Mutates: sets true where only that is allowed and the container says nothing
//! Upstream: podsecuritypolicy/provider.go, 1.24

use super::super::edit::Edit;
use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, spec_field};
use super::example;
use crate::control::{Control, Policy};
use tollgate_api::Value;
use tollgate_api::field::Error;

pub(super) const CONTROL: Control = Control {
    id: "readOnlyRootFilesystem",
    policy: Policy::PodSecurityPolicy,
    guards: "keeps containers from writing to their own image",
    fields: &[
        "spec.initContainers[*].securityContext.readOnlyRootFilesystem",
        "spec.containers[*].securityContext.readOnlyRootFilesystem",
        "spec.ephemeralContainers[*].securityContext.readOnlyRootFilesystem",
    ],
    allowed: "anything, unless the policy says `readOnlyRootFilesystem: true`, which containers that say \
              nothing get",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["readOnlyRootFilesystem: true"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  securityContext:", "    readOnlyRootFilesystem: false",
        ],
    ),
    passing: example!(
        spec: ["readOnlyRootFilesystem: true"],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};

/// `spec.readOnlyRootFilesystem`
#[derive(Debug, Clone)]
pub(in super::super) struct ReadOnlyRootFilesystem {
    required: bool,
}

impl ReadOnlyRootFilesystem {
    pub(in super::super) fn read(spec: &Value) -> Self {
        Self {
            required: spec.bool(CONTROL.id) == Some(true),
        }
    }

    pub(in super::super) fn default(&self, container: &Container<'_>, edits: &mut Vec<Edit>) {
        if self.required && container.security_context.bool(CONTROL.id).is_none() {
            edits.push(Edit::container(CONTROL.id, container, CONTROL.id, true));
        }
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        if !self.required {
            return;
        }
        let (value, detail) = match container.security_context.bool(CONTROL.id) {
            Some(true) => return,
            Some(false) => (
                Value::from(false),
                "ReadOnlyRootFilesystem must be set to true",
            ),
            None => (
                Value::from("null"),
                "ReadOnlyRootFilesystem may not be nil and must be set to true",
            ),
        };
        findings.add(|| Finding {
            control: CONTROL.id,
            error: container
                .at_security_context(|path| Error::invalid(&path.child(CONTROL.id), value, detail)),
            fields: vec![container.own_field(CONTROL.id)],
            policy_fields: vec![spec_field(CONTROL.id)],
            help: "set `readOnlyRootFilesystem` to true".to_owned(),
        });
    }
}
