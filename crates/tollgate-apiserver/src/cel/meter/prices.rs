//! What functions cost.
//!
//! Upstream: `interpreter/runtimecost.go` of cel-go for the language, `apiserver/pkg/cel/library/cost.go` for what is added.

use ::cel::common::types::{CelBytes, CelList, CelString};
use ::cel::common::value::Val;

/// What going through a text costs for each letter, in tenths.
const TENTHS: u64 = 10;
/// What a regular expression costs for each letter, in quarters.
const QUARTERS: u64 = 4;

/// What matters of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    /// How many members or letters there are; 1 for all else.
    size: u64,
    /// What going through it costs, in tenths.
    walk: u64,
    is_list: bool,
    is_text: bool,
}

impl Weight {
    pub(super) fn of(value: &dyn Val) -> Self {
        let list = value.downcast_ref::<CelList<'_>>();
        let walk = match list {
            Some(list) => {
                let items = list.inner().iter();
                items
                    .map(|item| walk_of(&**item))
                    .fold(0, u64::saturating_add)
            }
            None => walk_of(value),
        };
        Self {
            size: size_of(value),
            walk,
            is_list: list.is_some(),
            is_text: is_text(value),
        }
    }
}

fn is_text(value: &dyn Val) -> bool {
    value.downcast_ref::<CelString<'_>>().is_some()
        || value.downcast_ref::<CelBytes<'_>>().is_some()
}

fn size_of(value: &dyn Val) -> u64 {
    let size = value.as_sizer().map(|sized| *sized.size().inner());
    size.map_or(1, |size| u64::try_from(size).unwrap_or_default())
}

/// What going through a member of a list costs, in tenths.
fn walk_of(value: &dyn Val) -> u64 {
    if is_text(value) {
        return size_of(value);
    }
    TENTHS
}

/// The cost of a call, by its arguments and what came of them.
type Cost = fn(&[Weight], &dyn Val) -> u64;

/// What a function costs.
pub(super) struct Price {
    /// How many of its arguments are weighed, from the first on; that which it is called on is one.
    pub(super) weighed: usize,
    /// The cost.
    pub(super) cost: Cost,
}

/// The price of a function that depends on its arguments; all others cost 1.
pub(super) fn price_of(function: &str) -> Option<Price> {
    let (weighed, cost): (usize, Cost) = match function {
        "startsWith" | "endsWith" | "bytes" | "string" | "url" | "isURL" | "lowerAscii"
        | "upperAscii" | "substring" | "trim" | "cidr" | "isIP" | "isCIDR" | "quantity"
        | "isQuantity" | "semver" | "isSemver" | "ip" | "duration" | "timestamp" => {
            (1, |given, _| text(given, 1))
        }
        "ip.isCanonical" | "split" => (1, |given, _| text(given, 2)),
        // As long as what comes of it, if that is longer.
        "replace" => (1, |given, value| text(given, 2).max(made(value))),
        "join" | "format" => (0, |_, value| made(value).saturating_mul(2)),
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
            (1, |given, _| tenths(at(given, 0).walk))
        }
        "distinct" => (1, |given, _| size(given, 0).saturating_mul(size(given, 0))),
        "sort" | "@sortByAssociatedKeys" | "reverse" | "slice" | "flatten" => {
            (1, |given, _| size(given, 0).max(1))
        }
        "lists.range" => (0, |_, value| size_of(value).max(1)),
        "sets.contains" | "sets.equivalent" | "sets.intersects" => (2, |given, _| {
            size(given, 0).saturating_mul(size(given, 1)).max(1)
        }),
        "@in" | "_in_" => (2, |given, _| {
            let container = at(given, 1);
            if container.is_list { container.size } else { 1 }
        }),
        "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_" => {
            (2, |given, _| tenths(size(given, 0).min(size(given, 1))))
        }
        "_+_" => (2, |given, _| {
            if at(given, 0).is_text {
                return tenths(size(given, 0).saturating_add(size(given, 1)));
            }
            1
        }),
        "matches" | "find" | "findAll" => (2, |given, _| {
            let letters = tenths(size(given, 0).saturating_add(1));
            letters.saturating_mul(size(given, 1).div_ceil(QUARTERS))
        }),
        "contains" => (2, |given, _| {
            tenths(size(given, 0)).saturating_mul(tenths(size(given, 1)))
        }),
        // Two questions are all that an expression may ask.
        "check" => (0, |_, _| 350_000),
        _ => return None,
    };
    Some(Price { weighed, cost })
}

fn at(given: &[Weight], place: usize) -> Weight {
    let none = Weight {
        size: 1,
        walk: TENTHS,
        is_list: false,
        is_text: false,
    };
    given.get(place).copied().unwrap_or(none)
}

fn size(given: &[Weight], place: usize) -> u64 {
    at(given, place).size
}

fn tenths(size: u64) -> u64 {
    size.div_ceil(TENTHS)
}

/// What going through the first argument costs so many times.
fn text(given: &[Weight], times: u64) -> u64 {
    tenths(size(given, 0).saturating_mul(times))
}

/// What making a text costs.
fn made(value: &dyn Val) -> u64 {
    tenths(size_of(value))
}
