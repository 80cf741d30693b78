//! Admission policies: rules in CEL that are objects themselves, and the bindings that put them into force.

mod compiled;
mod evaluate;
mod parameters;

pub(super) use compiled::Policies;
pub(super) use evaluate::judge;
