//! `limitrange-defaulting.jsonl`: a LimitRange before and after API defaulting.

use super::{Outcome, compare};
use tollgate_api::Value;
use tollgate_objects::defaults::limit_range;

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let mut object = case.get("in").cloned().unwrap_or_default();
    limit_range::set_defaults(&mut object);
    compare(&case.get("out").cloned().unwrap_or_default(), &object)
}
