//! Runtime classes: which container runtime a pod may choose.
//!
//! Fields: spec.runtimeClassName
//! Allowed: anything; unset or a name in `runtimeClass.allowedRuntimeClassNames` if the policy has `runtimeClass`
//! Mutates: a pod without a class gets `runtimeClass.defaultRuntimeClassName`
//! Upstream: podsecuritypolicy/provider.go, 1.24

use super::super::edit::Edit;
use super::super::finding::{Finding, Findings};
use super::super::pod::{Pod, spec_field};
use super::example;
use crate::control::{Control, Policy};
use compact_str::CompactString;
use tollgate_api::Value;
use tollgate_api::field::{Error, Path};

const FIELD: &str = "runtimeClassName";

pub(super) const CONTROL: Control = Control {
    id: "runtimeClass",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which container runtimes pods may choose",
    fields: &["spec.runtimeClassName"],
    allowed: "anything if the policy has no `runtimeClass`; else unset or a name in \
              `allowedRuntimeClassNames`, where `*` is every name; pods that name none get \
              `defaultRuntimeClassName`",
    since: "1.14",
    upstream: "pkg/security/podsecuritypolicy/provider.go",
    failing: example!(
        spec: ["runtimeClass:", "  allowedRuntimeClassNames:", "  - gvisor"],
        pod: ["runtimeClassName: kata", "containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        spec: ["runtimeClass:", "  allowedRuntimeClassNames:", "  - gvisor"],
        pod: ["runtimeClassName: gvisor", "containers:", "- name: web", "  image: nginx"],
    ),
};

/// `spec.runtimeClass`
#[derive(Debug, Clone)]
pub(in super::super) struct RuntimeClass {
    default: Option<CompactString>,
    /// None allows anything.
    allowed: Option<Vec<CompactString>>,
}

impl RuntimeClass {
    pub(in super::super) fn read(spec: &Value) -> Self {
        let rule = spec
            .get(CONTROL.id)
            .filter(|rule| rule.as_object().is_some());
        let names = |rule: &Value| {
            let listed = rule.items("allowedRuntimeClassNames").iter();
            listed.filter_map(Value::as_str).map(Into::into).collect()
        };
        Self {
            default: rule
                .and_then(|rule| rule.str("defaultRuntimeClassName"))
                .map(Into::into),
            allowed: rule.map(names),
        }
    }

    pub(in super::super) fn default(&self, pod: &Pod<'_>, edits: &mut Vec<Edit>) {
        if let Some(default) = &self.default
            && pod.spec.str(FIELD).is_none()
        {
            edits.push(Edit::spec(CONTROL.id, FIELD, default.as_str()));
        }
    }

    pub(in super::super) fn validate(&self, pod: &Pod<'_>, findings: &mut Findings) {
        let (Some(allowed), Some(found)) = (&self.allowed, pod.spec.str(FIELD)) else {
            return;
        };
        if allowed.iter().any(|name| name == "*" || name == found) {
            return;
        }
        findings.add(|| Finding {
            control: CONTROL.id,
            error: Error::invalid(&Path::root("spec").child(FIELD), found, ""),
            fields: vec![spec_field(FIELD)],
            policy_fields: vec![spec_field(CONTROL.id)],
            help: match allowed.as_slice() {
                [] => format!("remove `{FIELD}`"),
                names => format!(
                    "remove `{FIELD}` or set it to one of `{}`",
                    names.join("`, `")
                ),
            },
        });
    }
}
