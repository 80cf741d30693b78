//! SELinux: the label that confines a container.
//!
//! Fields: spec.securityContext.seLinuxOptions and that of every container
//! Allowed: anything; or exactly the policy's `seLinuxOptions`
//! Mutates: under `MustRunAs` a pod without options gets those of the policy
//! Upstream: podsecuritypolicy/selinux, 1.24

use super::super::edit::Edit;
use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, Pod, pod_security_context_field, spec_field};
use super::example;
use crate::control::{Control, Policy};
use compact_str::CompactString;
use tollgate_api::Value;
use tollgate_api::field::{Error, FieldPath, Path};

const OPTIONS: &str = "seLinuxOptions";

pub(super) const CONTROL: Control = Control {
    id: "seLinux",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which SELinux label may confine a container",
    fields: &[
        "spec.securityContext.seLinuxOptions",
        "spec.initContainers[*].securityContext.seLinuxOptions",
        "spec.containers[*].securityContext.seLinuxOptions",
        "spec.ephemeralContainers[*].securityContext.seLinuxOptions",
    ],
    allowed: "`RunAsAny`: anything; `MustRunAs`: exactly the policy's `seLinuxOptions`, where the categories \
              of a level may stand in any order, and pods that have none get them",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/selinux",
    failing: example!(
        rules: [
            "seLinux:", "  rule: MustRunAs", "  seLinuxOptions:", "    level: s0:c123,c456",
            "fsGroup:", "  rule: RunAsAny", "runAsUser:", "  rule: RunAsAny",
            "supplementalGroups:", "  rule: RunAsAny", "volumes:", "- '*'",
        ],
        pod: [
            "securityContext:", "  seLinuxOptions:", "    level: s0:c1,c2",
            "containers:", "- name: web", "  image: nginx",
        ],
    ),
    passing: example!(
        rules: [
            "seLinux:", "  rule: MustRunAs", "  seLinuxOptions:", "    level: s0:c123,c456",
            "fsGroup:", "  rule: RunAsAny", "runAsUser:", "  rule: RunAsAny",
            "supplementalGroups:", "  rule: RunAsAny", "volumes:", "- '*'",
        ],
        pod: ["containers:", "- name: web", "  image: nginx"],
    ),
};

/// `spec.seLinux`
#[derive(Debug, Clone)]
pub(in super::super) struct SeLinux {
    /// None allows anything.
    required: Option<Options>,
}

#[derive(Debug, Clone)]
struct Options {
    level: CompactString,
    role: CompactString,
    type_: CompactString,
    user: CompactString,
}

impl SeLinux {
    pub(in super::super) fn read(spec: &Value) -> Result<Self, String> {
        let rule = spec.get("seLinux").unwrap_or(&Value::Null);
        let required = match rule.str_or_empty("rule") {
            "RunAsAny" => None,
            "MustRunAs" => match rule
                .get(OPTIONS)
                .filter(|options| options.as_object().is_some())
            {
                Some(options) => Some(Options {
                    level: options.str_or_empty("level").into(),
                    role: options.str_or_empty("role").into(),
                    type_: options.str_or_empty("type").into(),
                    user: options.str_or_empty("user").into(),
                }),
                None => return Err("MustRunAs requires SELinuxOptions".to_owned()),
            },
            other => return Err(format!("Unrecognized SELinuxContext strategy type {other}")),
        };
        Ok(Self { required })
    }

    /// Only the pod gets options: its containers inherit them.
    pub(in super::super) fn default(&self, pod: &Pod<'_>, edits: &mut Vec<Edit>) {
        if let Some(required) = &self.required
            && options_of(pod.security_context).is_none()
        {
            let options: Value = required
                .fields()
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .collect();
            edits.push(Edit::pod_security_context(CONTROL.id, OPTIONS, options));
        }
    }

    pub(in super::super) fn validate_pod(&self, pod: &Pod<'_>, findings: &mut Findings) {
        let Some(required) = &self.required else {
            return;
        };
        let spec = Path::root("spec");
        let context = spec.child("securityContext");
        let path = context.child(OPTIONS);
        let field = || pod_security_context_field(OPTIONS);
        required.validate(options_of(pod.security_context), &path, field, findings);
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        let Some(required) = &self.required else {
            return;
        };
        let options = container.effective(options_of);
        container.at_security_context(|path| {
            let field = || container.effective_field(OPTIONS);
            required.validate(options, &path.child(OPTIONS), field, findings);
        });
    }
}

fn options_of(security_context: &Value) -> Option<&Value> {
    let options = security_context.get(OPTIONS)?;
    options.as_object().map(|_| options)
}

impl Options {
    /// In the order in which upstream compares them.
    fn fields(&self) -> [(&'static str, &str); 4] {
        [
            ("level", &self.level),
            ("role", &self.role),
            ("type", &self.type_),
            ("user", &self.user),
        ]
    }

    fn validate(
        &self,
        options: Option<&Value>,
        path: &Path<'_>,
        field: impl Fn() -> FieldPath,
        findings: &mut Findings,
    ) {
        let Some(options) = options else {
            findings.add(|| self.finding(Error::required(path, ""), field()));
            return;
        };
        for (name, required) in self.fields() {
            let found = options.str_or_empty(name);
            let same = found == required || (name == "level" && same_level(found, required));
            if !same {
                findings.add(|| {
                    let detail = format!("must be {required}");
                    let mut field = field();
                    field
                        .0
                        .push(tollgate_api::field::Segment::Field(name.into()));
                    self.finding(Error::invalid(&path.child(name), found, detail), field)
                });
            }
        }
    }

    fn finding(&self, error: Error, field: FieldPath) -> Finding {
        let wanted: Vec<String> = self
            .fields()
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| format!("{name}: {text}"))
            .collect();
        Finding {
            control: CONTROL.id,
            error,
            fields: vec![field],
            policy_fields: vec![spec_field(CONTROL.id)],
            help: format!(
                "leave `{OPTIONS}` out or set it to {{{}}}",
                wanted.join(", ")
            ),
        }
    }
}

/// Whether two levels mean the same: equal sensitivity, the same categories in any order.
fn same_level(a: &str, b: &str) -> bool {
    let (Some((a_sensitivity, a_categories)), Some((b_sensitivity, b_categories))) =
        (a.split_once(':'), b.split_once(':'))
    else {
        return false;
    };
    a_sensitivity == b_sensitivity && sorted(a_categories) == sorted(b_categories)
}

fn sorted(categories: &str) -> Vec<&str> {
    let mut categories: Vec<&str> = categories.split(',').collect();
    categories.sort_unstable();
    categories
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_may_stand_in_any_order() {
        assert!(same_level("s0:c1,c2", "s0:c2,c1"));
        assert!(!same_level("s0:c1,c2", "s1:c2,c1"));
        assert!(!same_level("s0:c1", "s0:c1,c1"));
        assert!(!same_level("s0", "s0:c1"));
    }
}
