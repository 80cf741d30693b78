//! Supplemental groups: which further groups the pod's processes are in.
//!
//! Fields: spec.securityContext.supplementalGroups
//! Allowed: anything; or what the ranges of the policy's `supplementalGroups` hold
//! Mutates: under `MustRunAs` a pod without groups gets the first of the ranges
//! Upstream: podsecuritypolicy/group, 1.24

use super::super::edit::Edit;
use super::super::finding::Findings;
use super::super::pod::{Pod, pod_security_context_field};
use super::example;
use super::group_rule::{GroupRule, Judged};
use crate::control::{Control, Policy};
use tollgate_api::Value;
use tollgate_api::field::Path;

pub(super) const CONTROL: Control = Control {
    id: "supplementalGroups",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which further groups the processes of a pod may be in",
    fields: &["spec.securityContext.supplementalGroups"],
    allowed: "`RunAsAny`: anything; `MayRunAs`: unset or groups in `ranges`; `MustRunAs`: groups in \
              `ranges`, and pods that name none get the first",
    since: "every release of PodSecurityPolicy; MayRunAs since 1.13",
    upstream: "pkg/security/podsecuritypolicy/group",
    failing: example!(
        rules: [
            "supplementalGroups:", "  rule: MayRunAs", "  ranges:", "  - min: 1", "    max: 65535",
            "fsGroup:", "  rule: RunAsAny", "runAsUser:", "  rule: RunAsAny",
            "seLinux:", "  rule: RunAsAny", "volumes:", "- '*'",
        ],
        pod: [
            "securityContext:", "  supplementalGroups:", "  - 0",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
    passing: example!(
        rules: [
            "supplementalGroups:", "  rule: MayRunAs", "  ranges:", "  - min: 1", "    max: 65535",
            "fsGroup:", "  rule: RunAsAny", "runAsUser:", "  rule: RunAsAny",
            "seLinux:", "  rule: RunAsAny", "volumes:", "- '*'",
        ],
        pod: [
            "securityContext:", "  supplementalGroups:", "  - 100",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
};

/// `spec.supplementalGroups`
#[derive(Debug, Clone)]
pub(in super::super) struct SupplementalGroups {
    rule: GroupRule,
}

impl SupplementalGroups {
    pub(in super::super) fn read(spec: &Value) -> Result<Self, String> {
        let rule = spec.get("supplementalGroups").unwrap_or(&Value::Null);
        let rule = GroupRule::read(rule, "SupplementalGroups")?;
        Ok(Self { rule })
    }

    pub(in super::super) fn default(&self, pod: &Pod<'_>, edits: &mut Vec<Edit>) {
        if let Some(group) = self.rule.default_group()
            && list_of(pod).is_none()
        {
            let groups = vec![group];
            edits.push(Edit::pod_security_context(CONTROL.id, CONTROL.id, groups));
        }
    }

    pub(in super::super) fn validate(&self, pod: &Pod<'_>, findings: &mut Findings) {
        if matches!(self.rule, GroupRule::Any) {
            return;
        }
        let groups: Option<Vec<i64>> =
            list_of(pod).map(|list| list.iter().filter_map(Value::as_i64).collect());
        self.rule.validate(groups.as_deref(), findings, |judge| {
            let spec = Path::root("spec");
            let context = spec.child("securityContext");
            judge(&Judged {
                control: CONTROL.id,
                path: &context.child(CONTROL.id),
                field: pod_security_context_field(CONTROL.id),
            });
        });
    }
}

fn list_of<'p>(pod: &Pod<'p>) -> Option<&'p [Value]> {
    pod.security_context.get(CONTROL.id)?.as_array()
}
