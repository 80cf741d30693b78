//! `maxLimitRequestRatio`: how many times the request the limit may be; both must be there and not 0.

use super::super::prepared::Amount;
use super::{Demand, MILLI_VALUE_MAX, Numbers, Side};
use tollgate_api::Quantity;

/// How the ratio is broken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Broken {
    /// Nothing is asked on this side.
    Nothing(Side),
    /// The limit is this many times the request.
    Ratio(f64),
}

/// How the ratio is broken, if it is. Floating point, as upstream: the third decimal of the ratio counts.
pub(in super::super) fn broken(enforced: &Amount, demand: &Demand) -> Option<Broken> {
    let numbers = Numbers::of(demand, enforced);
    if demand.request.is_none() || numbers.request == 0 {
        return Some(Broken::Nothing(Side::Request));
    }
    if demand.limit.is_none() || numbers.limit == 0 {
        return Some(Broken::Nothing(Side::Limit));
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "the comparison is upstream's, rounding included"
    )]
    let (observed, value, milli) = (
        numbers.limit as f64 / numbers.request as f64,
        enforced.value as f64,
        enforced.milli as f64,
    );
    let exceeded = if enforced.value <= MILLI_VALUE_MAX {
        observed * 1000.0 > milli
    } else {
        observed > value
    };
    exceeded.then_some(Broken::Ratio(observed))
}

/// Upstream's words.
pub(in super::super) fn message(
    resource: &str,
    target: &str,
    enforced: &Amount,
    broken: Broken,
) -> String {
    let enforced = &enforced.quantity;
    let start = format!("{resource} max limit to request ratio per {target} is {enforced}, but");
    match broken {
        Broken::Nothing(side) => {
            let there = side.singular();
            format!("{start} no {there} is specified or {there} is 0")
        }
        Broken::Ratio(observed) => format!("{start} provided ratio is {observed:.6}"),
    }
}

/// The highest limit that fits the request, if thousandths can express it.
pub(in super::super) fn highest_limit(enforced: &Amount, demand: &Demand) -> Option<Quantity> {
    let request = demand.request.as_ref()?;
    let milli = i128::from(request.milli_value())
        .checked_mul(i128::from(enforced.milli))?
        .checked_div(1000)?;
    round(milli, demand.limit.as_ref().unwrap_or(request), false)
}

/// The lowest request that fits the limit, if thousandths can express it.
pub(in super::super) fn lowest_request(enforced: &Amount, demand: &Demand) -> Option<Quantity> {
    let limit = demand.limit.as_ref()?;
    let product = i128::from(limit.milli_value()).checked_mul(1000)?;
    let enforced = i128::from(enforced.milli);
    let milli = product.checked_div(enforced)?;
    let remains = i128::from(product.checked_rem(enforced)? != 0);
    round(
        milli.checked_add(remains)?,
        demand.request.as_ref().unwrap_or(limit),
        true,
    )
}

/// Amounts from here on are given whole: nobody asks for thousandths of a byte.
const THOUSANDTHS_MAX: i64 = 1_000_000;

/// `milli` as an amount in the format of `like`.
fn round(milli: i128, like: &Quantity, up: bool) -> Option<Quantity> {
    let milli = i64::try_from(milli).ok().filter(|milli| *milli > 0)?;
    if milli < THOUSANDTHS_MAX {
        return Some(Quantity::new_milli(milli, like.format()));
    }
    let whole = milli / 1000;
    let whole = if up && milli % 1000 != 0 {
        whole.checked_add(1)?
    } else {
        whole
    };
    Some(Quantity::new(whole, like.format()))
}
