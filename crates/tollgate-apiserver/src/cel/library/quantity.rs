//! Quantities in expressions: `quantity('1Gi').isLessThan(quantity('2G'))`.

use super::adapt::failed;
use super::adapt::{function, member, opaque, order, own, text, wrap, yes};
use ::cel::common::types::{INT_TYPE, STRING_TYPE, Type};
use ::cel::objects::Opaque;
use ::cel::{Env, ExecutionError, Value};
use tollgate_api::Quantity;

const NAME: &str = "kubernetes.Quantity";

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
        NAME
    }
}

fn amount() -> Type {
    opaque(NAME)
}

pub(super) fn add(environment: &mut Env) {
    function!(environment, "quantity", [STRING_TYPE], |given| {
        let parsed = Quantity::parse(text(given, 0)?);
        let quantity = parsed.map_err(|error| failed(error.to_string()))?;
        Ok(wrap(Amount(quantity)))
    });
    function!(environment, "isQuantity", [STRING_TYPE], |given| {
        yes(Quantity::parse(text(given, 0)?).is_ok())
    });
    member!(environment, "compareTo", amount(), [amount()], |given| {
        order(of(given, 0)?.compare(of(given, 1)?))
    });
    member!(environment, "isLessThan", amount(), [amount()], |given| {
        yes(of(given, 0)?.compare(of(given, 1)?).is_lt())
    });
    member!(
        environment,
        "isGreaterThan",
        amount(),
        [amount()],
        |given| { yes(of(given, 0)?.compare(of(given, 1)?).is_gt()) }
    );
    member!(environment, "sign", amount(), [], |given| {
        Ok(Value::Int(i64::from(of(given, 0)?.sign())))
    });
    member!(environment, "isInteger", amount(), [], |given| {
        yes(whole(of(given, 0)?).is_some())
    });
    member!(environment, "asInteger", amount(), [], |given| {
        let whole = whole(of(given, 0)?);
        let whole = whole.ok_or_else(|| failed("cannot convert value to integer"))?;
        Ok(Value::Int(whole))
    });
    member!(environment, "asApproximateFloat", amount(), [], |given| {
        Ok(Value::Float(of(given, 0)?.approximate()))
    });
    // What is added may be a whole number, too.
    member!(environment, "add", amount(), [amount()], |given| {
        Ok(sum(of(given, 0)?, of(given, 1)?))
    });
    member!(environment, "add", amount(), [INT_TYPE], |given| {
        Ok(sum(of(given, 0)?, &number(given)))
    });
    member!(environment, "sub", amount(), [amount()], |given| {
        Ok(difference(of(given, 0)?, of(given, 1)?))
    });
    member!(environment, "sub", amount(), [INT_TYPE], |given| {
        Ok(difference(of(given, 0)?, &number(given)))
    });
}

fn of(given: &[Value], place: usize) -> Result<&Quantity, ExecutionError> {
    own::<Amount>(given, place).map(|amount| &amount.0)
}

fn number(given: &[Value]) -> Quantity {
    match given.get(1) {
        Some(Value::Int(number)) => Quantity::from_int(*number),
        _ => Quantity::from_int(0),
    }
}

/// The amount if it is whole and not too large.
fn whole(quantity: &Quantity) -> Option<i64> {
    let whole = quantity.value();
    let same = Quantity::from_int(whole).compare(quantity).is_eq();
    same.then_some(whole)
}

fn sum(one: &Quantity, other: &Quantity) -> Value {
    let mut sum = one.clone();
    sum.add(other);
    wrap(Amount(sum))
}

fn difference(one: &Quantity, other: &Quantity) -> Value {
    let mut difference = one.clone();
    difference.sub(other);
    wrap(Amount(difference))
}
