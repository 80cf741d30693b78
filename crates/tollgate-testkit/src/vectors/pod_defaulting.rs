//! `pod-defaulting.jsonl`

use super::{Outcome, compare};
use tollgate_api::Value;
use tollgate_objects::defaults;

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let mut pod = case.get("in").cloned().unwrap_or_default();
    defaults::pod::set_defaults(&mut pod);
    compare(case.get("out").unwrap_or(&Value::Null), &pod)
}
