//! `quota-admission.jsonl`: the decision on a request, and what is used afterwards.

use super::quota_usage::{Objects, now};
use super::{Outcome, compare, readings};
use tollgate_api::{Attributes, GroupResource, Operation, Reason, Release, Value};
use tollgate_policy::resource_quota::{
    Charges, Context, DeviceClasses, ExtensionsKeys, LimitedResource, Quota, Quotas, Refusal, admit,
};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    readings::replay(case, run_as_written)
}

fn run_as_written(case: &Value) -> Outcome {
    let others = Objects {
        pods: case.items("pods").iter().collect(),
        claims: Vec::new(),
    };
    let classes = DeviceClasses::of(case.items("deviceClasses"));
    let context = Context {
        now: now(case),
        release: Release::default(),
        device_classes: &classes,
        others: &others,
        extensions_keys: ExtensionsKeys::CountNothingElse,
    };
    let limited: Vec<LimitedResource> = case
        .items("limitedResources")
        .iter()
        .map(LimitedResource::from_value)
        .collect();
    let namespace = case.str_or_empty("namespace");
    let quotas = case.items("quotas").iter().map(Quota::stored);
    let mut quotas = Quotas::new(quotas.filter(|quota| quota.namespace() == namespace));
    let resource = GroupResource::new(case.str_or_empty("group"), case.str_or_empty("resource"));
    let operation = case.str_or_empty("operation");
    let request = Attributes {
        operation: Operation::parse(operation).unwrap_or(Operation::Create),
        resource: &resource,
        subresource: case.str_or_empty("subresource"),
        namespace,
        name: "",
        user: None,
        object: case.get("object"),
        old_object: case.get("oldObject"),
        dry_run: case.bool("dryRun") == Some(true),
    };
    let decision = admit(&request, &quotas, &limited, &context);

    let mut expected = Value::object();
    for field in ["allowed", "error", "updatedUsed"] {
        expected.set(field, case.get(field).cloned());
    }
    compare(&expected, &answer(decision, &mut quotas))
}

fn answer(decision: Result<Charges, Box<Refusal>>, quotas: &mut Quotas) -> Value {
    let mut answer = Value::object();
    answer.set("allowed", decision.is_ok());
    let mut updated = Value::object();
    match decision {
        Ok(charges) => {
            answer.set("error", Value::Null);
            quotas.apply(&charges);
            for quota in charges.quotas().filter_map(|place| quotas.get(place)) {
                updated.set(quota.name(), quota.used_value());
            }
        }
        Err(refusal) => {
            let mut error = Value::object();
            error.set("message", refusal.status.message);
            error.set("code", i64::from(refusal.status.code));
            if refusal.status.reason != Reason::Unknown {
                error.set("reason", refusal.status.reason.as_str());
            }
            answer.set("error", error);
        }
    }
    answer.set("updatedUsed", updated);
    answer
}
