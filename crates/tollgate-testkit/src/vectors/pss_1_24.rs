//! `pss-1.24.jsonl`: pods on which release 1.24 answers otherwise than 1.36.

use super::Outcome;
use super::pss::compare_results;
use tollgate_api::{Release, Value};
use tollgate_policy::pod_security::Evaluator;

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let null = Value::Null;
    let evaluator = Evaluator::new(Release::minor(24));
    compare_results(
        &evaluator,
        case.get("pod").unwrap_or(&null),
        case.items("results"),
    )
}
