//! Lists: in order, the sum, the ends, and places of members.

use super::adapt::{argument, failed, list, member, yes};
use ::cel::common::types::{DYN_TYPE, LIST_TYPE};
use ::cel::objects::ResolveResult;
use ::cel::{Env, Value};
use std::cmp::Ordering;

pub(super) fn add(environment: &mut Env) {
    member!(environment, "isSorted", LIST_TYPE, [], |given| {
        let items = list(given, 0)?;
        yes(items.is_sorted_by(|a, b| {
            matches!(a.partial_cmp(b), Some(Ordering::Less | Ordering::Equal))
        }))
    });
    member!(environment, "sum", LIST_TYPE, [], |given| sum(list(
        given, 0
    )?));
    member!(environment, "min", LIST_TYPE, [], |given| {
        extreme(list(given, 0)?, Ordering::Less, "min called on empty list")
    });
    member!(environment, "max", LIST_TYPE, [], |given| {
        extreme(
            list(given, 0)?,
            Ordering::Greater,
            "max called on empty list",
        )
    });
    member!(environment, "indexOf", LIST_TYPE, [DYN_TYPE], |given| {
        let wanted = argument(given, 1)?;
        let place = list(given, 0)?.iter().position(|item| item == wanted);
        Ok(index(place))
    });
    member!(environment, "lastIndexOf", LIST_TYPE, [DYN_TYPE], |given| {
        let wanted = argument(given, 1)?;
        let place = list(given, 0)?.iter().rposition(|item| item == wanted);
        Ok(index(place))
    });
}

fn index(place: Option<usize>) -> Value {
    let place = place.and_then(|place| i64::try_from(place).ok());
    Value::Int(place.unwrap_or(-1))
}

fn extreme(items: &[Value], wanted: Ordering, empty: &str) -> ResolveResult {
    let mut items = items.iter();
    let Some(mut best) = items.next() else {
        return Err(failed(empty));
    };
    for item in items {
        if item.partial_cmp(best) == Some(wanted) {
            best = item;
        }
    }
    Ok(best.clone())
}

fn sum(items: &[Value]) -> ResolveResult {
    let mut items = items.iter();
    let Some(mut total) = items.next().cloned() else {
        return Ok(Value::Int(0));
    };
    for item in items {
        let overflow = || failed("integer overflow");
        total = match (total, item) {
            (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(*b).ok_or_else(overflow)?),
            (Value::UInt(a), Value::UInt(b)) => {
                Value::UInt(a.checked_add(*b).ok_or_else(overflow)?)
            }
            (Value::Float(a), Value::Float(b)) => Value::Float(a + b),
            (Value::Duration(a), Value::Duration(b)) => {
                Value::Duration(a.checked_add(b).ok_or_else(overflow)?)
            }
            _ => return Err(failed("no such overload")),
        };
    }
    match total {
        Value::Int(_) | Value::UInt(_) | Value::Float(_) | Value::Duration(_) => Ok(total),
        _ => Err(failed("no such overload")),
    }
}
