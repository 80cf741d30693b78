//! Webhooks and admission policies.

use crate::table::selector::go_struct;
use crate::table::text::{UNSET, age, at, count_at, name};
use tollgate_api::{Timestamp, Value};

pub(super) fn webhooks(configuration: &Value, now: Timestamp) -> Vec<Value> {
    let count = count_at(configuration, &["webhooks"]).into();
    vec![name(configuration), count, age(configuration, now)]
}

pub(super) fn validating_policy(policy: &Value, now: Timestamp) -> Vec<Value> {
    policy_cells(policy, "validations", now)
}

pub(super) fn mutating_policy(policy: &Value, now: Timestamp) -> Vec<Value> {
    policy_cells(policy, "mutations", now)
}

fn policy_cells(policy: &Value, rules: &str, now: Timestamp) -> Vec<Value> {
    let kind = policy.at(&["spec", "paramKind"]).map_or_else(
        || UNSET.to_owned(),
        |kind| {
            format!(
                "{}/{}",
                kind.str_or_empty("apiVersion"),
                kind.str_or_empty("kind")
            )
        },
    );
    let count = count_at(policy, &["spec", rules]).into();
    vec![name(policy), count, kind.into(), age(policy, now)]
}

pub(super) fn binding(binding: &Value, now: Timestamp) -> Vec<Value> {
    let params = binding.at(&["spec", "paramRef"]);
    vec![
        name(binding),
        at(binding, &["spec", "policyName"]),
        params.map_or_else(|| UNSET.to_owned(), parameters).into(),
        age(binding, now),
    ]
}

fn parameters(params: &Value) -> String {
    match (
        params.str_or_empty("name"),
        params.str_or_empty("namespace"),
    ) {
        ("", _) => params
            .get("selector")
            .map_or_else(|| UNSET.to_owned(), go_struct),
        (name, "") => name.to_owned(),
        (name, namespace) => format!("{namespace}/{name}"),
    }
}
