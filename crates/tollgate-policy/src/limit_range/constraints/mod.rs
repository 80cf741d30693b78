//! The three constraints on what is asked of one resource, each a pure comparison with upstream's wording.

pub(super) mod max;
pub(super) mod max_limit_request_ratio;
pub(super) mod min;

use super::prepared::Amount;
use tollgate_api::Quantity;

/// The largest whole amount that is compared in thousandths.
const MILLI_VALUE_MAX: i64 = i64::MAX / 1000;

/// What is asked of one resource.
#[derive(Debug, Clone, Default)]
pub(super) struct Demand {
    pub(super) request: Option<Quantity>,
    pub(super) limit: Option<Quantity>,
}

/// Which side of a demand breaks a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Limit,
}

impl Side {
    pub(super) const fn singular(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Limit => "limit",
        }
    }

    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Request => "requests",
            Self::Limit => "limits",
        }
    }
}

/// Request, limit and constraint as comparable numbers: in thousandths if all three fit, else whole. What is not
/// there is 0.
struct Numbers {
    request: i64,
    limit: i64,
    enforced: i64,
}

impl Numbers {
    fn of(demand: &Demand, enforced: &Amount) -> Self {
        let Demand { request, limit } = demand;
        let number =
            |amount: &Option<Quantity>, of: fn(&Quantity) -> i64| amount.as_ref().map_or(0, of);
        let whole = Self {
            request: number(request, Quantity::value),
            limit: number(limit, Quantity::value),
            enforced: enforced.value,
        };
        if [whole.request, whole.limit, whole.enforced]
            .iter()
            .any(|number| *number > MILLI_VALUE_MAX)
        {
            return whole;
        }
        Self {
            request: number(request, Quantity::milli_value),
            limit: number(limit, Quantity::milli_value),
            enforced: enforced.milli,
        }
    }
}
