//! A refused pod: upstream's message, and what a person needs to know.

use super::controls::authorization;
use super::finding::Finding;
use super::pod::spec_field;
use super::select::{Request, fill};
use super::types::PodSecurityPolicy;
use super::wording::Phase;
use crate::violation::{PolicyObject, Violation};
use tollgate_api::{Status, Value};

/// Names of policies in a help text; more would not help.
const NAMES_SHOWN_MAX: usize = 3;

/// Why no policy allows a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// What the client sees.
    pub status: Status,
    /// Every reason, policy by policy; at least one.
    pub violations: Vec<Violation>,
}

/// Makes the refusal. Upstream lists the errors of all policies that may be used, in random order; here by name.
pub(super) fn refuse(policies: &[PodSecurityPolicy], request: &Request<'_>) -> Refusal {
    if policies.is_empty() {
        let message = request.wording.no_policy().to_owned();
        return build(request, message, Vec::new(), |message| {
            let help = "create a PodSecurityPolicy and let the pod's service account `use` it";
            authorization_violation(message, help.to_owned())
        });
    }
    let mut violations = Vec::new();
    let mut would_change: Vec<(&PodSecurityPolicy, Vec<super::Edit>)> = Vec::new();
    let mut may_not_use: Vec<&PodSecurityPolicy> = Vec::new();
    for policy in policies {
        if !request.may_use(policy) {
            may_not_use.push(policy);
            continue;
        }
        let edits = policy.defaults(request.pod);
        let findings = if edits.is_empty() {
            policy.validate(request.pod)
        } else {
            policy.validate_filled(&fill(request.pod, &edits), request.pod)
        };
        if findings.is_empty() {
            would_change.push((policy, edits));
        }
        violations.extend(
            findings
                .iter()
                .map(|finding: &Finding| finding.violation(policy.name())),
        );
    }
    let texts: Vec<&str> = violations
        .iter()
        .map(|violation| &*violation.message)
        .collect();
    let message = format!(
        "{}: [{}]",
        request.wording.refused(request.phase),
        texts.join(" ")
    );
    if violations.is_empty()
        && let Some((policy, edits)) = would_change.first()
    {
        violations = edits
            .iter()
            .map(|edit| not_filled(&message, policy, edit))
            .collect();
    }
    build(request, message, violations, |message| {
        authorization_violation(message, grant_help(request, &may_not_use))
    })
}

/// Puts status and violations together; `otherwise` is the violation if there is no other.
fn build(
    request: &Request<'_>,
    message: String,
    mut violations: Vec<Violation>,
    otherwise: impl FnOnce(&str) -> Violation,
) -> Refusal {
    if violations.is_empty() {
        violations.push(otherwise(&message));
    }
    let attributes = request.attributes;
    let metadata = request.pod.get("metadata").unwrap_or(&Value::Null);
    // A generated name does not exist yet when the mutating step refuses.
    let names = [
        attributes.name,
        metadata.str_or_empty("name"),
        metadata.str_or_empty("generateName"),
    ];
    let name = names
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or("Unknown");
    Refusal {
        status: Status::forbidden(attributes.resource, name, message),
        violations,
    }
}

/// The policy allows the pod only with something filled in, which the validating step does not do.
fn not_filled(message: &str, policy: &PodSecurityPolicy, edit: &super::Edit) -> Violation {
    let field = edit.field();
    Violation {
        control: edit.control,
        message: message.to_owned(),
        help: Some(format!("set `{field}` to {}", edit.value)),
        fields: vec![field],
        policy: Some(PolicyObject {
            kind: "PodSecurityPolicy",
            name: policy.name().to_owned(),
            fields: vec![policy_field(edit.control)],
        }),
    }
}

/// The place in a policy where a control stands: its id is the field's name or the annotation's key.
fn policy_field(control: &str) -> tollgate_api::field::FieldPath {
    if control.contains('/') {
        super::pod::annotation_field(control)
    } else {
        spec_field(control)
    }
}

fn authorization_violation(message: &str, help: String) -> Violation {
    Violation {
        control: authorization::CONTROL.id,
        message: message.to_owned(),
        fields: vec![spec_field("serviceAccountName")],
        policy: None,
        help: Some(help),
    }
}

/// Which grant would let the pod pass.
fn grant_help(request: &Request<'_>, may_not_use: &[&PodSecurityPolicy]) -> String {
    let fits = |policy: &&&PodSecurityPolicy| {
        let edits = policy.defaults(request.pod);
        if edits.is_empty() {
            policy.allows(request.pod)
        } else {
            request.phase == Phase::Admit && policy.allows(&fill(request.pod, &edits))
        }
    };
    let names: Vec<String> = may_not_use
        .iter()
        .filter(fits)
        .take(NAMES_SHOWN_MAX)
        .map(|policy| format!("`{}`", policy.name()))
        .collect();
    let subject = match (&request.service_account, request.attributes.user) {
        (Some(account), _) => format!("`{}`", account.name),
        (None, Some(user)) => format!("`{}`", user.name),
        (None, None) => "the user".to_owned(),
    };
    if names.is_empty() {
        format!(
            "{subject} may not use any PodSecurityPolicy, and none would allow this pod: change the pod or add a policy"
        )
    } else {
        format!(
            "let {subject} `use` the PodSecurityPolicy {}, which allows this pod",
            names.join(" or ")
        )
    }
}
