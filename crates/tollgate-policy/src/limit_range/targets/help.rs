//! Our words on how to comply: the smallest change that would pass.

use super::super::constraints::max_limit_request_ratio::{
    Broken as BrokenRatio, highest_limit, lowest_request,
};
use super::super::constraints::{Demand, Side};
use super::{Broken, Subject};

pub(super) fn text(
    broken: Broken<'_>,
    subject: &dyn Subject,
    resource: &str,
    demand: &Demand,
) -> String {
    let called = |side| subject.called(side, resource);
    match broken {
        Broken::Min(amount, side) => {
            format!("set {} to at least {}", called(side), amount.quantity)
        }
        Broken::Max(amount, side) => {
            format!("set {} to at most {}", called(side), amount.quantity)
        }
        Broken::Ratio(amount, broken) => {
            let limit = highest_limit(amount, demand)
                .map(|limit| format!("set {} to at most {limit}", called(Side::Limit)));
            let request = lowest_request(amount, demand)
                .map(|request| format!("set {} to at least {request}", called(Side::Request)));
            let advice = match broken {
                BrokenRatio::Nothing(Side::Request) => request,
                BrokenRatio::Nothing(Side::Limit) => limit,
                BrokenRatio::Ratio(_) => match (limit, request) {
                    (Some(limit), Some(request)) => Some(format!("{limit}, or {request}")),
                    (limit, request) => limit.or(request),
                },
            };
            advice.unwrap_or_else(|| {
                format!(
                    "set {} to at most {} times {}",
                    called(Side::Limit),
                    amount.quantity,
                    called(Side::Request)
                )
            })
        }
    }
}
