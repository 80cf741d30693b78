//! `max`: what is asked must not be more; the limit must be there.

use super::super::prepared::Amount;
use super::{Demand, Numbers, Side};

/// The side that is missing or too high. A request that is missing is fine.
pub(in super::super) fn broken(enforced: &Amount, demand: &Demand) -> Option<Side> {
    let numbers = Numbers::of(demand, enforced);
    if demand.limit.is_none() || numbers.limit > numbers.enforced {
        Some(Side::Limit)
    } else if demand.request.is_some() && numbers.request > numbers.enforced {
        Some(Side::Request)
    } else {
        None
    }
}

/// The same where only requests exist, as for claims: the request must be there.
pub(in super::super) fn broken_by_request(enforced: &Amount, demand: &Demand) -> Option<Side> {
    let numbers = Numbers::of(demand, enforced);
    (demand.request.is_none() || numbers.request > numbers.enforced).then_some(Side::Request)
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
            format!("maximum {resource} usage per {target} is {enforced}.  No {there} is specified")
        }
        Some(amount) => {
            format!("maximum {resource} usage per {target} is {enforced}, but {there} is {amount}")
        }
    }
}
