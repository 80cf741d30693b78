//! Disruption budgets and pod security policies.

use crate::table::text::{age, at, bool_at, int_at, int_or_string, items_at, joined, name};
use tollgate_api::{Timestamp, Value};

pub(super) fn pod_disruption_budget(budget: &Value, now: Timestamp) -> Vec<Value> {
    let limit = |key| int_or_string(budget.at(&["spec", key]), "N/A");
    vec![
        name(budget),
        limit("minAvailable"),
        limit("maxUnavailable"),
        int_at(budget, &["status", "disruptionsAllowed"]).into(),
        age(budget, now),
    ]
}

pub(super) fn pod_security_policy(policy: &Value, _now: Timestamp) -> Vec<Value> {
    let rule = |key| at(policy, &["spec", key, "rule"]);
    let list = |key| Value::from(joined(items_at(policy, &["spec", key]), ","));
    vec![
        name(policy),
        bool_at(policy, &["spec", "privileged"], false)
            .to_string()
            .into(),
        list("allowedCapabilities"),
        rule("seLinux"),
        rule("runAsUser"),
        rule("fsGroup"),
        rule("supplementalGroups"),
        bool_at(policy, &["spec", "readOnlyRootFilesystem"], false).into(),
        list("volumes"),
    ]
}
