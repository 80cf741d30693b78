//! runAsUser: the user a container's processes run as.
//!
//! Fields: spec.securityContext.{runAsUser,runAsNonRoot} and those of every container
//! Allowed: anything; a user in the policy's ranges; or anybody but root
//! Mutates: `MustRunAs` sets the first user of the ranges, `MustRunAsNonRoot` sets runAsNonRoot
//! Upstream: podsecuritypolicy/user, 1.24

use super::super::edit::Edit;
use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, spec_field};
use super::example;
use super::id_range::IdRanges;
use crate::control::{Control, Policy};
use tollgate_api::Value;
use tollgate_api::field::{Error, Path};

const RUN_AS_NON_ROOT: &str = "runAsNonRoot";

pub(super) const CONTROL: Control = Control {
    id: "runAsUser",
    policy: Policy::PodSecurityPolicy,
    guards: "decides which user the processes of a container may run as",
    fields: &[
        "spec.securityContext.runAsUser",
        "spec.securityContext.runAsNonRoot",
        "spec.initContainers[*].securityContext.runAsUser",
        "spec.initContainers[*].securityContext.runAsNonRoot",
        "spec.containers[*].securityContext.runAsUser",
        "spec.containers[*].securityContext.runAsNonRoot",
        "spec.ephemeralContainers[*].securityContext.runAsUser",
        "spec.ephemeralContainers[*].securityContext.runAsNonRoot",
    ],
    allowed: "`RunAsAny`: anything; `MustRunAs`: a user in `ranges`, and containers that name none get the \
              first; `MustRunAsNonRoot`: any user but 0 or `runAsNonRoot: true`, which containers that say \
              neither get",
    since: "every release of PodSecurityPolicy",
    upstream: "pkg/security/podsecuritypolicy/user",
    failing: example!(
        rules: [
            "runAsUser:", "  rule: MustRunAsNonRoot", "fsGroup:", "  rule: RunAsAny",
            "seLinux:", "  rule: RunAsAny", "supplementalGroups:", "  rule: RunAsAny", "volumes:", "- '*'",
        ],
        pod: ["securityContext:", "  runAsUser: 0", "containers:", "- name: web", "  image: nginx"],
    ),
    passing: example!(
        rules: [
            "runAsUser:", "  rule: MustRunAsNonRoot", "fsGroup:", "  rule: RunAsAny",
            "seLinux:", "  rule: RunAsAny", "supplementalGroups:", "  rule: RunAsAny", "volumes:", "- '*'",
        ],
        pod: ["securityContext:", "  runAsUser: 1000", "containers:", "- name: web", "  image: nginx"],
    ),
};

/// `spec.runAsUser`
#[derive(Debug, Clone)]
pub(in super::super) struct RunAsUser {
    rule: Rule,
}

#[derive(Debug, Clone)]
enum Rule {
    Any,
    NonRoot,
    Must(IdRanges),
}

impl RunAsUser {
    pub(in super::super) fn read(spec: &Value) -> Result<Self, String> {
        let rule = spec.get("runAsUser").unwrap_or(&Value::Null);
        let rule = match rule.str_or_empty("rule") {
            "RunAsAny" => Rule::Any,
            "MustRunAsNonRoot" => Rule::NonRoot,
            "MustRunAs" => {
                let ranges = IdRanges::read(rule);
                if ranges.is_empty() {
                    return Err("MustRunAs requires at least one range".to_owned());
                }
                Rule::Must(ranges)
            }
            other => return Err(format!("Unrecognized RunAsUser strategy type {other}")),
        };
        Ok(Self { rule })
    }

    pub(in super::super) fn default(&self, container: &Container<'_>, edits: &mut Vec<Edit>) {
        match &self.rule {
            Rule::Any => {}
            Rule::Must(ranges) => {
                if let (None, Some(user)) = (run_as_user(container), ranges.first()) {
                    edits.push(Edit::container(CONTROL.id, container, CONTROL.id, user));
                }
            }
            // The node then refuses an image that runs as root.
            Rule::NonRoot => {
                if run_as_user(container).is_none() && run_as_non_root(container).is_none() {
                    edits.push(Edit::container(
                        CONTROL.id,
                        container,
                        RUN_AS_NON_ROOT,
                        true,
                    ));
                }
            }
        }
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        match &self.rule {
            Rule::Any => {}
            Rule::Must(ranges) => match run_as_user(container) {
                Some(user) if ranges.contains(user) => {}
                Some(user) => add(container, findings, CONTROL.id, |path| {
                    let detail = format!("must be in the ranges: {}", ranges.print());
                    let help = format!("use a user in {}", ranges.describe());
                    (Error::invalid(path, user, detail), help)
                }),
                None => add(container, findings, CONTROL.id, |path| {
                    let help = format!("set `runAsUser` to a user in {}", ranges.describe());
                    (Error::required(path, ""), help)
                }),
            },
            Rule::NonRoot => match (run_as_non_root(container), run_as_user(container)) {
                (None, None) => add(container, findings, RUN_AS_NON_ROOT, |path| {
                    let help = "set `runAsNonRoot` to true".to_owned();
                    (Error::required(path, "must be true"), help)
                }),
                (Some(false), _) => add(container, findings, RUN_AS_NON_ROOT, |path| {
                    let help = "set `runAsNonRoot` to true".to_owned();
                    (Error::invalid(path, false, "must be true"), help)
                }),
                (_, Some(0)) => add(container, findings, CONTROL.id, |path| {
                    let detail = "running with the root UID is forbidden";
                    let help = "set `runAsUser` to a user other than 0".to_owned();
                    (Error::invalid(path, 0_i64, detail), help)
                }),
                _ => {}
            },
        }
    }
}

/// Adds a finding about `field` of the container's security context.
fn add(
    container: &Container<'_>,
    findings: &mut Findings,
    field: &'static str,
    make: impl FnOnce(&Path<'_>) -> (Error, String),
) {
    findings.add(|| {
        let (error, help) = container.at_security_context(|path| make(&path.child(field)));
        Finding {
            control: CONTROL.id,
            error,
            fields: vec![container.effective_field(field)],
            policy_fields: vec![spec_field(CONTROL.id)],
            help,
        }
    });
}

fn run_as_user(container: &Container<'_>) -> Option<i64> {
    container.effective(|context| context.int(CONTROL.id))
}

fn run_as_non_root(container: &Container<'_>) -> Option<bool> {
    container.effective(|context| context.bool(RUN_AS_NON_ROOT))
}
