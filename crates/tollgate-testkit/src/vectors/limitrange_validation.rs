//! `limitrange-validation.jsonl`: a LimitRange as written, validated after API defaulting.

use super::{Difference, Outcome};
use tollgate_api::{Status, Value};
use tollgate_objects::defaults;
use tollgate_objects::validation::limit_range;

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let mut object = case.get("object").cloned().unwrap_or_default();
    defaults::limit_range::set_defaults(&mut object);
    let errors = limit_range::validate(&object);
    let mut texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let random = case.bool("errorOrderRandom").unwrap_or(false);
    let mut expected: Vec<&str> = case
        .items("errors")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if random {
        texts.sort_unstable();
        expected.sort_unstable();
    }
    if texts != expected || case.bool("valid") != Some(texts.is_empty()) {
        return Err(Difference {
            expected: expected.join("\n"),
            got: texts.join("\n"),
        });
    }
    let Some(message) = case.str("error").filter(|_| !random) else {
        return Ok(());
    };
    let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
    let status = Status::invalid("", "LimitRange", name.unwrap_or_default(), &errors);
    super::compare(&message.to_owned(), &status.message)
}
