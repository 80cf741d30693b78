//! Privilege escalation: whether a process may gain more rights than its parent.
//!
//! Fields: spec.{initContainers,containers,ephemeralContainers}[*].securityContext.allowPrivilegeEscalation
//! Allowed: anything; only false if the policy says `allowPrivilegeEscalation: false`
//! Mutates: sets `defaultAllowPrivilegeEscalation`, or false where only that is allowed
//! Upstream: podsecuritypolicy/provider.go, 1.24

use super::super::edit::Edit;
use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, spec_field};
use super::example;
use crate::control::{Control, Policy};
use tollgate_api::Value;
use tollgate_api::field::Error;

pub(super) const CONTROL: Control = Control {
    id: "allowPrivilegeEscalation",
    policy: Policy::PodSecurityPolicy,
    guards: "keeps processes from gaining more rights than their parent, as through set-user-id programs",
    fields: &[
        "spec.initContainers[*].securityContext.allowPrivilegeEscalation",
        "spec.containers[*].securityContext.allowPrivilegeEscalation",
        "spec.ephemeralContainers[*].securityContext.allowPrivilegeEscalation",
    ],
    allowed: "anything, unless the policy says `allowPrivilegeEscalation: false`, which containers that say \
              nothing get; `defaultAllowPrivilegeEscalation` is what they get otherwise",
    since: "1.8",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["allowPrivilegeEscalation: false"],
        pod: [
            "containers:", "- name: web", "  image: nginx",
            "  securityContext:", "    allowPrivilegeEscalation: true",
        ],
    ),
    passing: example!(
        spec: ["allowPrivilegeEscalation: false"],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};

/// `spec.allowPrivilegeEscalation` and `spec.defaultAllowPrivilegeEscalation`
#[derive(Debug, Clone)]
pub(in super::super) struct AllowPrivilegeEscalation {
    allowed: bool,
    default: Option<bool>,
}

impl AllowPrivilegeEscalation {
    pub(in super::super) fn read(spec: &Value) -> Self {
        // The API defaults it to true.
        let allowed = spec.bool(CONTROL.id).unwrap_or(true);
        let default = spec.bool("defaultAllowPrivilegeEscalation");
        Self {
            allowed,
            default: default.or((!allowed).then_some(false)),
        }
    }

    pub(in super::super) fn default(&self, container: &Container<'_>, edits: &mut Vec<Edit>) {
        if let Some(default) = self.default
            && container.security_context.bool(CONTROL.id).is_none()
        {
            edits.push(Edit::container(CONTROL.id, container, CONTROL.id, default));
        }
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        let own = container.security_context.bool(CONTROL.id);
        if self.allowed || own == Some(false) {
            return;
        }
        findings.add(|| {
            let value = own.map_or(Value::from("null"), Value::from);
            let detail = "Allowing privilege escalation for containers is not allowed";
            Finding {
                control: CONTROL.id,
                error: container.at_security_context(|path| {
                    Error::invalid(&path.child(CONTROL.id), value, detail)
                }),
                fields: vec![container.own_field(CONTROL.id)],
                policy_fields: vec![spec_field(CONTROL.id)],
                help: "set `allowPrivilegeEscalation` to false".to_owned(),
            }
        });
    }
}
