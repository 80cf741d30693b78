//! `quantity.jsonl`: parsing, arithmetic and the LimitRange constraints on single amounts.

use super::{Outcome, compare};
use tollgate_api::{Quantity, Value};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let got = Quantity::parse(case.str_or_empty("in"))
        .map_or_else(|error| error.to_string(), |q| q.to_string());
    compare(&case.str_or_empty("canonical").to_owned(), &got)
}
