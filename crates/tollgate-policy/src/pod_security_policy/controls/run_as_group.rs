//! runAsGroup: the primary group of a container's processes.
//!
//! Fields: spec.securityContext.runAsGroup and that of every container
//! Allowed: anything; or what the ranges of the policy's `runAsGroup` hold
//! Mutates: under `MustRunAs` a container without a group gets the first of the ranges
//! Upstream: podsecuritypolicy/group, 1.24

use super::super::edit::Edit;
use super::super::finding::Findings;
use super::super::pod::Container;
use super::example;
use super::group_rule::{GroupRule, Judged};
use crate::control::{Control, Policy};
use tollgate_api::Value;

pub(super) const CONTROL: Control = Control {
    id: "runAsGroup",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which primary group the processes of a container may have",
    fields: &[
        "spec.securityContext.runAsGroup",
        "spec.initContainers[*].securityContext.runAsGroup",
        "spec.containers[*].securityContext.runAsGroup",
        "spec.ephemeralContainers[*].securityContext.runAsGroup",
    ],
    allowed: "unset or `RunAsAny`: anything; `MayRunAs`: unset or a group in `ranges`; `MustRunAs`: a \
              group in `ranges`, and containers that name none get the first",
    since: "1.14",
    upstream: "pkg/security/podsecuritypolicy/group",
    failing: example!(
        spec: ["runAsGroup:", "  rule: MustRunAs", "  ranges:", "  - min: 1", "    max: 65535"],
        pod: ["securityContext:", "  runAsGroup: 0", "containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        spec: ["runAsGroup:", "  rule: MustRunAs", "  ranges:", "  - min: 1", "    max: 65535"],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};

/// `spec.runAsGroup`
#[derive(Debug, Clone)]
pub(in super::super) struct RunAsGroup {
    rule: GroupRule,
}

impl RunAsGroup {
    pub(in super::super) fn read(spec: &Value) -> Result<Self, String> {
        let rule = match spec.get("runAsGroup") {
            None => GroupRule::Any,
            Some(rule) => GroupRule::read(rule, "RunAsGroup")?,
        };
        Ok(Self { rule })
    }

    pub(in super::super) fn default(&self, container: &Container<'_>, edits: &mut Vec<Edit>) {
        if let Some(group) = self.rule.default_group()
            && run_as_group(container).is_none()
        {
            edits.push(Edit::container(CONTROL.id, container, CONTROL.id, group));
        }
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        let group = run_as_group(container).map(|group| [group]);
        let groups = group.as_ref().map(<[i64; 1]>::as_slice);
        self.rule.validate(groups, findings, |judge| {
            // Upstream prints the path of the security context, not of the field.
            container.at_security_context(|path| {
                judge(&Judged {
                    control: CONTROL.id,
                    path,
                    field: container.effective_field(CONTROL.id),
                });
            });
        });
    }
}

fn run_as_group(container: &Container<'_>) -> Option<i64> {
    container.effective(|context| context.int(CONTROL.id))
}
