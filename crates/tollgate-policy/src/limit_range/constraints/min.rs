//! `min`: what is asked must not be less; the request must be there.

use super::super::prepared::Amount;
use super::{Demand, Numbers, Side};

/// The side that is missing or too low. A limit that is missing is fine.
pub(in super::super) fn broken(enforced: &Amount, demand: &Demand) -> Option<Side> {
    let numbers = Numbers::of(demand, enforced);
    if demand.request.is_none() || numbers.request < numbers.enforced {
        Some(Side::Request)
    } else if demand.limit.is_some() && numbers.limit < numbers.enforced {
        Some(Side::Limit)
    } else {
        None
    }
}

/// Upstream's words.
pub(in super::super) fn message(
    resource: &str,
    target: &str,
    enforced: &Amount,
    demand: &Demand,
    side: Side,
) -> String {
    let enforced = &enforced.quantity;
    let amount = match side {
        Side::Request => &demand.request,
        Side::Limit => &demand.limit,
    };
    let there = side.singular();
    match amount {
        None => {
            format!("minimum {resource} usage per {target} is {enforced}.  No {there} is specified")
        }
        Some(amount) => {
            format!("minimum {resource} usage per {target} is {enforced}, but {there} is {amount}")
        }
    }
}
