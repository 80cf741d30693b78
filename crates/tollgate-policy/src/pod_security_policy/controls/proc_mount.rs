//! `/proc`: how much of it a container sees.
//!
//! Fields: spec.{initContainers,containers,ephemeralContainers}[*].securityContext.procMount
//! Allowed: what `allowedProcMountTypes` lists; unset is `Default`, an empty list is `Default` alone
//! Mutates: no
//! Upstream: podsecuritypolicy/provider.go, 1.24

use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, spec_field};
use super::example;
use crate::control::{Control, Policy};
use compact_str::CompactString;
use tollgate_api::Value;
use tollgate_api::field::Error;

const FIELD: &str = "procMount";
const DEFAULT: &str = "Default";

pub(super) const CONTROL: Control = Control {
    id: "allowedProcMountTypes",
    policy: Policy::PodSecurityPolicy,
    guards: "decides how much of /proc containers may see",
    fields: &[
        "spec.initContainers[*].securityContext.procMount",
        "spec.containers[*].securityContext.procMount",
        "spec.ephemeralContainers[*].securityContext.procMount",
    ],
    allowed: "the types in the list, only `Default` if there is none; unset counts as `Default`",
    since: "1.12",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["allowedProcMountTypes:", "- Default"],
        pod: [
            "hostUsers: false",
            "containers:", "- name: web", "  image: nginx",
            "  securityContext:", "    procMount: Unmasked",
        ],
    ),
    passing: example!(
        spec: ["allowedProcMountTypes:", "- Default", "- Unmasked"],
        pod: [
            "hostUsers: false",
            "containers:", "- name: web", "  image: nginx",
            "  securityContext:", "    procMount: Unmasked",
        ],
    ),
};

/// `spec.allowedProcMountTypes`
#[derive(Debug, Clone)]
pub(in super::super) struct ProcMount {
    allowed: Vec<CompactString>,
}

impl ProcMount {
    pub(in super::super) fn read(spec: &Value) -> Self {
        let listed = spec.items(CONTROL.id).iter().filter_map(Value::as_str);
        Self {
            allowed: listed.map(Into::into).collect(),
        }
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        let found = container.security_context.str(FIELD).unwrap_or(DEFAULT);
        let allowed = match self.allowed.as_slice() {
            [] => found == DEFAULT,
            listed => listed.iter().any(|name| name == found),
        };
        if allowed {
            return;
        }
        findings.add(|| Finding {
            control: CONTROL.id,
            error: container.at_security_context(|path| {
                Error::invalid(&path.child(FIELD), found, "ProcMountType is not allowed")
            }),
            fields: vec![container.own_field(FIELD)],
            policy_fields: vec![spec_field(CONTROL.id)],
            help: match self.allowed.first() {
                Some(name) if name != DEFAULT => format!("set `{FIELD}` to `{name}`"),
                _ => format!("remove `{FIELD}`"),
            },
        });
    }
}
