//! What an evaluation costs, charged while it runs.
//!
//! The interpreter counts nothing. So an expression is rewritten once it has been compiled ([`rewrite`]): where it is certain
//! that a part is evaluated there stands a call that charges for it, and the arguments of functions whose cost depends on
//! them are weighed on their way. The prices ([`prices`]) are upstream's.

mod prices;
mod rewrite;
#[cfg(test)]
mod tests;

use ::cel::common::ast::IdedExpr;
use ::cel::common::types::{CelInt, CelString, DYN_TYPE, INT_TYPE, STRING_TYPE};
use ::cel::common::value::CowVal;
use ::cel::objects::ResolveResult;
use ::cel::{Context, Env, ExecutionError, Program, Value};
use prices::Weight;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What one evaluation may cost.
///
/// Upstream: `PerCallLimit` of `apiserver/pkg/apis/cel`.
pub(crate) const CALL_COST_MAX: u64 = 1_000_000;
/// What all evaluations for one object may cost.
///
/// Upstream: `RuntimeCELCostBudget`.
pub(crate) const COST_MAX: u64 = 10_000_000;
/// What the match conditions of a webhook or a policy may cost.
///
/// Upstream: `RuntimeCELCostBudgetMatchConditions`.
pub(crate) const CONDITIONS_COST_MAX: u64 = 2_500_000;

/// What is said of an evaluation that costs too much by itself.
pub(crate) const CALL_TOO_DEAR: &str = "operation cancelled: actual cost limit exceeded";

/// The functions that charge. Nobody can write their names.
const CHARGE: &str = "@charge";
const WEIGH: &str = "@weigh";
const SETTLE: &str = "@settle";

/// What an evaluation has cost so far.
#[derive(Debug, Default)]
struct Meter {
    cost: u64,
    /// The arguments that were weighed for functions that have not been charged yet, and their places.
    weights: Vec<(i64, Weight)>,
}

thread_local! {
    /// An evaluation has a thread for itself while it runs.
    static METER: RefCell<Meter> = RefCell::default();
}

/// An expression that is charged for.
#[derive(Debug)]
pub(crate) struct Metered(IdedExpr);

impl Metered {
    /// The expression of a program, in which these calls could be of several functions.
    pub(crate) fn new(program: &Program, ambiguous: &BTreeSet<u64>) -> Self {
        Self(rewrite::metered(program.expression(), ambiguous))
    }

    /// Its value, and what finding it has cost; what costs too much ends early.
    pub(crate) fn run(&self, context: &Context<'_, '_>) -> (ResolveResult, u64) {
        METER.with_borrow_mut(|meter| *meter = Meter::default());
        let value = Value::resolve(&self.0, context);
        let cost = METER.with_borrow(|meter| meter.cost);
        if is_too_dear(cost) {
            // An error may have been taken for an answer on its way up.
            return (Err(too_dear()), cost);
        }
        (value, cost)
    }
}

/// Whether one evaluation costs more than it may.
fn is_too_dear(cost: u64) -> bool {
    cost > CALL_COST_MAX
}

fn too_dear() -> ExecutionError {
    ExecutionError::FunctionError {
        function: String::new(),
        message: CALL_TOO_DEAR.to_owned(),
    }
}

fn charge(cost: u64) -> Result<(), ExecutionError> {
    METER.with_borrow_mut(|meter| {
        meter.cost = meter.cost.saturating_add(cost);
        if is_too_dear(meter.cost) {
            return Err(too_dear());
        }
        Ok(())
    })
}

/// Adds the functions that charge.
pub(super) fn add(environment: &mut Env) {
    // Nobody else has functions of these names.
    let _ = environment.add_overload(CHARGE, "@charge(int)", vec![INT_TYPE], run_charge);
    let weigh = vec![INT_TYPE, DYN_TYPE];
    let _ = environment.add_overload(WEIGH, "@weigh(int,dyn)", weigh, run_weigh);
    let settle = vec![STRING_TYPE, DYN_TYPE];
    let _ = environment.add_overload(SETTLE, "@settle(string,dyn)", settle, run_settle);
}

/// `@charge(cost)` is true while there is something left.
#[expect(
    clippy::needless_pass_by_value,
    reason = "all functions of the interpreter take their arguments so"
)]
fn run_charge<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let cost = arguments.first();
    let cost = cost.and_then(|cost| cost.downcast_ref::<CelInt>());
    let cost = cost.map_or(0, |cost| u64::try_from(*cost.inner()).unwrap_or_default());
    charge(cost)?;
    Ok(CowVal::Owned(Value::Bool(true).try_into()?))
}

/// `@weigh(place, value)` is the value. Arguments are not evaluated in the order of their places.
fn run_weigh<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = arguments.pop().ok_or_else(too_dear)?;
    let place = arguments.pop().ok_or_else(too_dear)?;
    let place = place.downcast_ref::<CelInt>();
    let place = place.map_or(0, |place| *place.inner());
    let weight = Weight::of(&*value);
    METER.with_borrow_mut(|meter| meter.weights.push((place, weight)));
    Ok(value)
}

/// `@settle(function, value)` is the value that the function gave for the arguments that were weighed last.
fn run_settle<'b, 'v>(
    mut arguments: Vec<CowVal<'b, 'v>>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = arguments.pop().ok_or_else(too_dear)?;
    let function = arguments.pop().ok_or_else(too_dear)?;
    let function = function.downcast_ref::<CelString<'_>>();
    let function = function.map_or("", |name| name.inner());
    if let Some(price) = prices::price_of(function) {
        let mut weights = METER.with_borrow_mut(|meter| {
            let first = meter.weights.len().saturating_sub(price.weighed);
            meter.weights.split_off(first)
        });
        weights.sort_by_key(|(place, _)| *place);
        let weights: Vec<Weight> = weights.into_iter().map(|(_, weight)| weight).collect();
        charge((price.cost)(&weights, &*value))?;
    }
    Ok(value)
}
