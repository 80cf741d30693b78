//! `psp-admission.jsonl`: the PodSecurityPolicy plugin on one request.
//!
//! `authorized` are the policies that `user` may use, `authorizedServiceAccount` those that the pod's service account
//! may use. `admit` is the mutating step, `validate` the validating step on what `on` names, `validateInput` the same
//! on the unchanged pod, `prepared` the pod as the strategy of 1.24 prepares it, `validatePrepared` the validating
//! step on that.

use super::psp_provider::{drop_empty_groups, restore_empty_groups};
use super::{Outcome, compare};
use std::collections::BTreeMap;
use tollgate_api::{Attributes, GroupResource, Operation, Release, UserInfo, Value};
use tollgate_objects::strategy;
use tollgate_policy::pod_security_policy::{
    Admitted, Context, PodSecurityPolicies, Refusal, VALIDATED_ANNOTATION, Wording,
};

const ANSWERS: [&str; 5] = [
    "admit",
    "validate",
    "validateInput",
    "prepared",
    "validatePrepared",
];

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let expected: Value = ANSWERS
        .into_iter()
        .filter_map(|key| Some((key, case.get(key)?.clone())))
        .collect();
    let mut got = answer(case);
    drop_empty_groups(&mut got);
    compare(&expected, &got)
}

fn answer(case: &Value) -> Value {
    let policies = PodSecurityPolicies::from_objects(case.items("policies"));
    let listed = |list: &str, policy: &str| {
        let mut names = case.items(list).iter().filter_map(Value::as_str);
        names.any(|name| name == policy)
    };
    let pod = restore_empty_groups(case);
    let account = pod
        .get("spec")
        .map_or("", |spec| spec.str_or_empty("serviceAccountName"));
    let account = UserInfo::service_account(case.str_or_empty("namespace"), account);
    let user = case.str("user").map(|name| UserInfo {
        name: name.into(),
        ..UserInfo::default()
    });
    let group_of_grant = case.str("authorizedApiGroup").unwrap_or("policy");
    let may_use = |subject: &UserInfo, namespace: &str, group: &str, policy: &str| {
        namespace == case.str_or_empty("namespace")
            && group == group_of_grant
            && (Some(subject) == user.as_ref() && listed("authorized", policy)
                || *subject == account && listed("authorizedServiceAccount", policy))
    };
    let context = Context {
        authorizer: &may_use,
        wording: Wording::Prefixed,
    };
    let attributes = Attributes {
        operation: Operation::parse(case.str_or_empty("operation")).unwrap_or(Operation::Create),
        resource: &GroupResource::new("", case.str_or_empty("resource")),
        subresource: case.str_or_empty("subresource"),
        namespace: case.str_or_empty("namespace"),
        name: "",
        user: user.as_ref(),
        object: None,
        old_object: case.get("oldPod"),
        dry_run: false,
    };
    steps(&policies, &attributes, &pod, &context)
}

fn steps(
    policies: &PodSecurityPolicies,
    attributes: &Attributes<'_>,
    pod: &Value,
    context: &Context<'_>,
) -> Value {
    let validate = |pod: &Value| {
        let attributes = Attributes {
            object: Some(pod),
            ..*attributes
        };
        print(policies.validate(&attributes, context))
    };
    let mut out = Value::object();
    let mut mutated = pod.clone();
    let result = policies.admit(attributes, &mut mutated, context);
    let allowed = result.is_ok();
    let mut admit = print(result);
    let changed = mutated != *pod;
    if allowed {
        admit.set("changed", changed);
        let annotations = mutated.at(&["metadata", "annotations"]);
        if let Some(name) = annotations.and_then(|all| all.str(VALIDATED_ANNOTATION)) {
            admit.set("psp", name);
        }
        if changed {
            admit.set("mutated", mutated.clone());
        }
    }
    out.set("admit", admit);
    let mut validated = validate(&mutated);
    validated.set("on", if changed { "mutated" } else { "input" });
    out.set("validate", validated);
    if changed {
        out.set("validateInput", validate(pod));
        let mut prepared = mutated.clone();
        strategy::pod::prepare_for_create(&mut prepared, Release::minor(24));
        // The vectors say nothing of the status.
        prepared.remove("status");
        if prepared != mutated {
            out.set("validatePrepared", validate(&prepared));
            out.set("prepared", prepared);
        }
    }
    out
}

fn print(result: Result<Option<Admitted<'_>>, Box<Refusal>>) -> Value {
    let mut out = Value::object();
    out.set("allowed", result.is_ok());
    match result {
        Ok(admitted) => {
            out.set("error", Value::Null);
            if let Some(Admitted { policy, audit_key }) = admitted {
                out.set("audit", Value::from_iter([(audit_key, policy)]));
            }
        }
        Err(refusal) => {
            let status = &refusal.status;
            out.set(
                "error",
                Value::from_iter([
                    ("message", Value::from(status.message.as_str())),
                    ("code", Value::from(i64::from(status.code))),
                    ("reason", Value::from(status.reason.as_str())),
                ]),
            );
            let mut by_policy: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for violation in &refusal.violations {
                if let Some(policy) = &violation.policy {
                    by_policy
                        .entry(&policy.name)
                        .or_default()
                        .push(&violation.message);
                }
            }
            if by_policy.len() > 1 {
                let joined = by_policy
                    .into_iter()
                    .map(|(name, texts)| (name, texts.join(" ")));
                out.set("errorsByPolicy", joined.collect::<Value>());
                out.set("orderVaries", true);
            }
        }
    }
    out
}
