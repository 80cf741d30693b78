//! `psp-validation.jsonl`

use super::{Difference, Outcome};
use tollgate_api::Value;

/// Replays one case.
pub(super) fn run(_case: &Value) -> Outcome {
    Err(Difference {
        expected: "an engine".to_owned(),
        got: "none".to_owned(),
    })
}
