//! fsGroup: which group owns the pod's volumes.
//!
//! Fields: spec.securityContext.fsGroup
//! Allowed: anything; or what the ranges of the policy's `fsGroup` hold
//! Mutates: under `MustRunAs` a pod without a group gets the first of the ranges
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
    id: "fsGroup",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which group may own the volumes of a pod",
    fields: &["spec.securityContext.fsGroup"],
    allowed: "`RunAsAny`: anything; `MayRunAs`: unset or a group in `ranges`; `MustRunAs`: a group in \
              `ranges`, and pods that name none get the first",
    since: "every release of PodSecurityPolicy; MayRunAs since 1.13",
    upstream: "pkg/security/podsecuritypolicy/group",
    failing: example!(
        rules: [
            "fsGroup:", "  rule: MustRunAs", "  ranges:", "  - min: 1", "    max: 65535",
            "runAsUser:", "  rule: RunAsAny", "seLinux:", "  rule: RunAsAny",
            "supplementalGroups:", "  rule: RunAsAny", "volumes:", "- '*'",
        ],
        pod: ["securityContext:", "  fsGroup: 0", "containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        rules: [
            "fsGroup:", "  rule: MustRunAs", "  ranges:", "  - min: 1", "    max: 65535",
            "runAsUser:", "  rule: RunAsAny", "seLinux:", "  rule: RunAsAny",
            "supplementalGroups:", "  rule: RunAsAny", "volumes:", "- '*'",
        ],
        pod: ["securityContext:", "  fsGroup: 2000", "containers:", "- name: web", "  image: nginx"],
    ),
};

/// `spec.fsGroup`
#[derive(Debug, Clone)]
pub(in super::super) struct FsGroup {
    rule: GroupRule,
}

impl FsGroup {
    pub(in super::super) fn read(spec: &Value) -> Result<Self, String> {
        let rule = GroupRule::read(spec.get("fsGroup").unwrap_or(&Value::Null), "FSGroup")?;
        Ok(Self { rule })
    }

    pub(in super::super) fn default(&self, pod: &Pod<'_>, edits: &mut Vec<Edit>) {
        if let Some(group) = self.rule.default_group()
            && pod.security_context.int("fsGroup").is_none()
        {
            edits.push(Edit::pod_security_context(CONTROL.id, "fsGroup", group));
        }
    }

    pub(in super::super) fn validate(&self, pod: &Pod<'_>, findings: &mut Findings) {
        let group = pod.security_context.int("fsGroup").map(|group| [group]);
        let groups = group.as_ref().map(<[i64; 1]>::as_slice);
        self.rule.validate(groups, findings, |judge| {
            let spec = Path::root("spec");
            let context = spec.child("securityContext");
            judge(&Judged {
                control: CONTROL.id,
                path: &context.child("fsGroup"),
                field: pod_security_context_field("fsGroup"),
            });
        });
    }
}
