//! `psp-provider.jsonl`: one policy on one pod, without admission and authorization.
//!
//! `buildError`: the policy cannot be used. `errors`: what it refuses about the pod as it is. `mutated`: the pod with
//! what the policy fills in, if `changed`. `errorsOnMutated`: what it refuses after that.

use super::{Outcome, compare};
use tollgate_api::field::Error;
use tollgate_api::{Object, Value};
use tollgate_policy::pod_security_policy::{Finding, PodSecurityPolicy};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    const ANSWERS: [&str; 5] = [
        "buildError",
        "changed",
        "errors",
        "errorsOnMutated",
        "mutated",
    ];
    let expected: Value = ANSWERS
        .into_iter()
        .filter_map(|key| Some((key, case.get(key)?.clone())))
        .collect();
    let policy = case.get("policy").unwrap_or(&Value::Null);
    let mut got = Value::Object(answer(policy, &restore_empty_groups(case)));
    drop_empty_groups(&mut got);
    compare(&expected, &got)
}

/// The pod of a case as upstream saw it.
///
/// Upstream tells an empty list of supplemental groups from none, but its JSON writer, which wrote the cases, leaves
/// both out: the same pod stands in cases with different answers. The note says which of them had the empty list.
pub(super) fn restore_empty_groups(case: &Value) -> Value {
    let mut pod = case.get("pod").cloned().unwrap_or_default();
    if case
        .str_or_empty("note")
        .ends_with("pod supplementalGroups []")
    {
        let context = pod.child_mut("spec").child_mut("securityContext");
        context.set("supplementalGroups", Vec::<Value>::new());
    }
    pod
}

/// Leaves the empty list out of an answer again, as that writer does.
pub(super) fn drop_empty_groups(answer: &mut Value) {
    let Some(entries) = answer.as_object_mut() else {
        return;
    };
    entries.retain(|key, value| {
        drop_empty_groups(value);
        key != "supplementalGroups" || value.as_array() != Some(&[])
    });
}

fn answer(policy: &Value, pod: &Value) -> Object {
    let mut answer = Object::new();
    let policy = match PodSecurityPolicy::from_object(policy) {
        Ok(policy) => policy,
        Err(unusable) => {
            answer.insert("buildError", unusable.message);
            answer.insert("changed", false);
            return answer;
        }
    };
    answer.insert("errors", print(&policy.validate(pod)));
    let edits = policy.defaults(pod);
    let mut mutated = pod.clone();
    for edit in &edits {
        edit.apply(&mut mutated);
    }
    answer.insert("changed", !edits.is_empty());
    answer.insert("errorsOnMutated", print(&policy.validate(&mutated)));
    if !edits.is_empty() {
        answer.insert("mutated", mutated);
    }
    answer
}

fn print(findings: &[Finding]) -> Value {
    let errors = findings.iter().map(|finding| field_error(&finding.error));
    errors.collect::<Vec<Value>>().into()
}

/// A field error as the vectors write it: an empty detail is left out.
pub(super) fn field_error(error: &Error) -> Value {
    let mut out = Value::object();
    out.set("type", error.kind.reason());
    out.set("field", error.field.as_str());
    if !error.detail.is_empty() {
        out.set("detail", error.detail.as_str());
    }
    out.set("text", error.to_string());
    out
}
