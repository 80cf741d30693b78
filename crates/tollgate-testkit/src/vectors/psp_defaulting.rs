//! `psp-defaulting.jsonl`: a policy before and after API defaulting.

use super::{Outcome, compare};
use tollgate_api::Value;
use tollgate_objects::defaults::pod_security_policy;

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let mut policy = case.get("input").cloned().unwrap_or_default();
    pod_security_policy::set_defaults(&mut policy);
    compare(case.get("output").unwrap_or(&Value::Null), &policy)
}
