//! Lists as sets.

use super::adapt::{function, list, yes};
use ::cel::common::types::LIST_TYPE;
use ::cel::{Env, Value};

pub(super) fn add(environment: &mut Env) {
    function!(
        environment,
        "sets.contains",
        [LIST_TYPE, LIST_TYPE],
        |given| { yes(contains_all(list(given, 0)?, list(given, 1)?)) }
    );
    function!(
        environment,
        "sets.intersects",
        [LIST_TYPE, LIST_TYPE],
        |given| {
            let other = list(given, 1)?;
            yes(list(given, 0)?.iter().any(|item| other.contains(item)))
        }
    );
    function!(
        environment,
        "sets.equivalent",
        [LIST_TYPE, LIST_TYPE],
        |given| {
            let (one, other) = (list(given, 0)?, list(given, 1)?);
            yes(contains_all(one, other) && contains_all(other, one))
        }
    );
}

fn contains_all(all: &[Value], some: &[Value]) -> bool {
    some.iter().all(|item| all.contains(item))
}
