//! `psp-validation.jsonl`: field errors of a policy on creation and update, and the message of the Status.

use super::psp_provider::field_error;
use super::{Outcome, compare};
use tollgate_api::{Status, Value};
use tollgate_objects::validation::pod_security_policy;

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let expected: Value = ["valid", "errors", "message"]
        .into_iter()
        .filter_map(|key| Some((key, case.get(key)?.clone())))
        .collect();
    let policy = case.get("object").unwrap_or(&Value::Null);
    let errors = match case.get("oldObject") {
        Some(old) => pod_security_policy::validate_update(policy, old),
        None => pod_security_policy::validate(policy),
    };
    let mut got = Value::object();
    got.set("valid", errors.is_empty());
    got.set("errors", errors.iter().map(field_error).collect::<Vec<_>>());
    if !errors.is_empty() {
        let name = policy
            .get("metadata")
            .map_or("", |metadata| metadata.str_or_empty("name"));
        let status = Status::invalid("policy", "PodSecurityPolicy", name, &errors);
        got.set("message", status.message);
    }
    compare(&expected, &got)
}
