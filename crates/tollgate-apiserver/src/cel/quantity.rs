//! Quantities in expressions: `quantity('1Gi').isLessThan(quantity('2G'))`.

use ::cel::extractors::This;
use ::cel::objects::{Opaque, ResolveResult};
use ::cel::{Context, ExecutionError, Value as CelValue};
use std::cmp::Ordering;
use std::sync::Arc;
use tollgate_api::Quantity;

#[derive(Debug, Clone)]
struct Amount(Quantity);

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.0.compare(&other.0).is_eq()
    }
}

impl Eq for Amount {}

impl Opaque for Amount {
    fn runtime_type_name(&self) -> &'static str {
        "kubernetes.Quantity"
    }
}

/// Adds the functions.
pub(super) fn add(context: &mut Context<'static, 'static>) {
    let parse = |text: Arc<String>| -> ResolveResult {
        let parsed = Quantity::parse(&text);
        let quantity = parsed.map_err(|error| ExecutionError::function_error("quantity", error))?;
        Ok(CelValue::Opaque(Arc::new(Amount(quantity))))
    };
    // A name that is taken keeps its meaning.
    let _ = context.add_function("quantity", parse);
    let is_quantity = |text: Arc<String>| Quantity::parse(&text).is_ok();
    let _ = context.add_function("isQuantity", is_quantity);
    let compare = |This(this): This<CelValue>, other: CelValue| -> ResolveResult {
        Ok(CelValue::Int(match compare(&this, &other)? {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }))
    };
    let _ = context.add_function("compareTo", compare);
    let is_less = |This(this): This<CelValue>, other: CelValue| -> ResolveResult {
        Ok(CelValue::Bool(self::compare(&this, &other)?.is_lt()))
    };
    let _ = context.add_function("isLessThan", is_less);
    let is_greater = |This(this): This<CelValue>, other: CelValue| -> ResolveResult {
        Ok(CelValue::Bool(self::compare(&this, &other)?.is_gt()))
    };
    let _ = context.add_function("isGreaterThan", is_greater);
    let sign = |This(this): This<CelValue>| -> ResolveResult {
        Ok(CelValue::Int(i64::from(amount(&this)?.sign())))
    };
    let _ = context.add_function("sign", sign);
    let whole =
        |This(this): This<CelValue>| -> ResolveResult { Ok(CelValue::Int(amount(&this)?.value())) };
    let _ = context.add_function("asInteger", whole);
    let approximate = |This(this): This<CelValue>| -> ResolveResult {
        Ok(CelValue::Float(amount(&this)?.approximate()))
    };
    let _ = context.add_function("asApproximateFloat", approximate);
    let add = |This(this): This<CelValue>, other: CelValue| -> ResolveResult {
        let mut sum = amount(&this)?;
        sum.add(&operand(&other)?);
        Ok(CelValue::Opaque(Arc::new(Amount(sum))))
    };
    let _ = context.add_function("add", add);
    let sub = |This(this): This<CelValue>, other: CelValue| -> ResolveResult {
        let mut difference = amount(&this)?;
        difference.sub(&operand(&other)?);
        Ok(CelValue::Opaque(Arc::new(Amount(difference))))
    };
    let _ = context.add_function("sub", sub);
}

fn amount(value: &CelValue) -> Result<Quantity, ExecutionError> {
    if let CelValue::Opaque(opaque) = value
        && let Some(Amount(quantity)) = opaque.downcast_ref::<Amount>()
    {
        return Ok(quantity.clone());
    }
    Err(ExecutionError::function_error(
        "quantity",
        "no such overload",
    ))
}

/// What is added may be a whole number, too.
fn operand(value: &CelValue) -> Result<Quantity, ExecutionError> {
    match value {
        CelValue::Int(number) => Ok(Quantity::from_int(*number)),
        other => amount(other),
    }
}

fn compare(a: &CelValue, b: &CelValue) -> Result<Ordering, ExecutionError> {
    Ok(amount(a)?.compare(&amount(b)?))
}
