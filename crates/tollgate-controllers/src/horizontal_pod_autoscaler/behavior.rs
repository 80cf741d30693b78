//! How fast an autoscaler may change its target, and what it remembers for that.

use std::collections::VecDeque;
use tollgate_api::{Timestamp, Value};

/// How long lower recommendations wait if nothing is said.
const DOWN_WINDOW_SECONDS: i64 = 300;
/// The longest window and period that can be asked for.
const REMEMBERED_SECONDS: i64 = 3600;
/// Without a behavior a target grows to the double, or to this many.
const GROWTH_MIN: i64 = 4;

/// What an autoscaler recommended and did lately.
#[derive(Debug, Default)]
pub(super) struct Memory {
    recommendations: VecDeque<(Timestamp, i64)>,
    grown: VecDeque<(Timestamp, i64)>,
    shrunk: VecDeque<(Timestamp, i64)>,
}

fn forget(entries: &mut VecDeque<(Timestamp, i64)>, now: Timestamp) {
    let oldest = now.saturating_add_seconds(-REMEMBERED_SECONDS);
    while entries.front().is_some_and(|(time, _)| *time < oldest) {
        entries.pop_front();
    }
}

impl Memory {
    /// Notes how many there were when the autoscaler was first seen.
    pub(super) fn begin(&mut self, current: i64, now: Timestamp) {
        if self.recommendations.is_empty() {
            self.recommendations.push_back((now, current));
        }
    }

    /// Notes a change.
    pub(super) fn changed(&mut self, from: i64, to: i64, now: Timestamp) {
        let (changes, difference) = if to > from {
            (&mut self.grown, to.saturating_sub(from))
        } else {
            (&mut self.shrunk, from.saturating_sub(to))
        };
        changes.push_back((now, difference));
        forget(changes, now);
    }
}

/// The bounds and the present.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) current: i64,
}

/// A reason and a message of a condition.
pub(super) type Why = (&'static str, &'static str);

/// What comes of a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Normal {
    pub(super) replicas: i64,
    /// Of the condition `AbleToScale`.
    pub(super) able: Why,
    /// Of the condition `ScalingLimited`.
    pub(super) limit: Why,
    /// Whether the target was limited.
    pub(super) is_limited: bool,
}

const READY: Why = ("ReadyForNewScale", "recommended size matches current size");
const UP_STABILIZED: Why = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const DOWN_STABILIZED: Why = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
);
const IN_RANGE: Why = (
    "DesiredWithinRange",
    "the desired count is within the acceptable range",
);
const UP_LIMIT: Why = (
    "ScaleUpLimit",
    "the desired replica count is increasing faster than the maximum scale rate",
);
const DOWN_LIMIT: Why = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
);
const TOO_MANY: Why = (
    "TooManyReplicas",
    "the desired replica count is more than the maximum replica count",
);
const TOO_FEW: Why = (
    "TooFewReplicas",
    "the desired replica count is less than the minimum replica count",
);

/// Settles a recommendation: stabilized over a window, then held to the rate and the bounds.
pub(super) fn normalize(
    memory: &mut Memory,
    behavior: Option<&Value>,
    bounds: Bounds,
    wanted: i64,
    now: Timestamp,
) -> Normal {
    let (stable, better) = stabilize(memory, behavior, bounds, wanted, now);
    let able = if stable == wanted { READY } else { better };
    let (replicas, limit) = match behavior {
        Some(behavior) => limited(memory, behavior, bounds, stable, now),
        None => limited_by_default(bounds, stable),
    };
    Normal {
        replicas,
        able,
        limit,
        is_limited: replicas != stable,
    }
}

fn window(rules: Option<&Value>, default: i64) -> i64 {
    let window = rules.and_then(|rules| rules.int("stabilizationWindowSeconds"));
    window.unwrap_or(default)
}

fn stabilize(
    memory: &mut Memory,
    behavior: Option<&Value>,
    bounds: Bounds,
    wanted: i64,
    now: Timestamp,
) -> (i64, Why) {
    let rules = |side: &str| behavior.and_then(|behavior| behavior.get(side));
    let (seconds, better, grows) = if behavior.is_some() && wanted >= bounds.current {
        (window(rules("scaleUp"), 0), UP_STABILIZED, true)
    } else {
        let seconds = window(rules("scaleDown"), DOWN_WINDOW_SECONDS);
        (seconds, DOWN_STABILIZED, false)
    };
    let cutoff = now.saturating_add_seconds(seconds.saturating_neg());
    let recent = memory.recommendations.iter();
    let recent = recent
        .filter(|(time, _)| *time > cutoff)
        .map(|(_, count)| *count);
    let stable = if grows {
        recent.fold(wanted, i64::min)
    } else {
        recent.fold(wanted, i64::max)
    };
    memory.recommendations.push_back((now, wanted));
    forget(&mut memory.recommendations, now);
    (stable, better)
}

fn limited_by_default(bounds: Bounds, wanted: i64) -> (i64, Why) {
    let growth = bounds.current.saturating_mul(2).max(GROWTH_MIN);
    let (most, why) = if bounds.max > growth {
        (growth, UP_LIMIT)
    } else {
        (bounds.max, TOO_MANY)
    };
    if wanted < bounds.min {
        (bounds.min, TOO_FEW)
    } else if wanted > most {
        (most, why)
    } else {
        (wanted, IN_RANGE)
    }
}

fn limited(
    memory: &Memory,
    behavior: &Value,
    bounds: Bounds,
    wanted: i64,
    now: Timestamp,
) -> (i64, Why) {
    let none = Value::Null;
    if wanted > bounds.current {
        let rules = behavior.get("scaleUp").unwrap_or(&none);
        let rate = up_limit(memory, rules, bounds.current, now).max(bounds.current);
        let (most, why) = if bounds.max > rate {
            (rate, UP_LIMIT)
        } else {
            (bounds.max, TOO_MANY)
        };
        if wanted > most {
            return (most, why);
        }
    } else if wanted < bounds.current {
        let rules = behavior.get("scaleDown").unwrap_or(&none);
        let rate = down_limit(memory, rules, bounds.current, now).min(bounds.current);
        let (least, why) = if bounds.min < rate {
            (rate, DOWN_LIMIT)
        } else {
            (bounds.min, TOO_FEW)
        };
        if wanted < least {
            return (least, why);
        }
    }
    (wanted, IN_RANGE)
}

/// How much changed within a policy's period.
fn changed(changes: &VecDeque<(Timestamp, i64)>, policy: &Value, now: Timestamp) -> i64 {
    let period = policy.int("periodSeconds").unwrap_or_default();
    let cutoff = now.saturating_add_seconds(period.saturating_neg());
    let recent = changes.iter().filter(|(time, _)| *time > cutoff);
    recent.map(|(_, count)| *count).fold(0, i64::saturating_add)
}

/// `value` hundredths of a number, rounded up or down.
fn hundredths(number: i64, value: i64, up: bool) -> i64 {
    let product = number.saturating_mul(value);
    let add = if up { 99 } else { 0 };
    product.saturating_add(add).div_euclid(100)
}

fn up_limit(memory: &Memory, rules: &Value, current: i64, now: Timestamp) -> i64 {
    let choice = rules.str_or_empty("selectPolicy");
    if choice == "Disabled" {
        return current;
    }
    let limits = rules.items("policies").iter().map(|policy| {
        let start = current.saturating_sub(changed(&memory.grown, policy, now));
        let value = policy.int("value").unwrap_or_default();
        if policy.str("type") == Some("Percent") {
            // Rounded up, or a small target would never grow.
            hundredths(start, value.saturating_add(100), true)
        } else {
            start.saturating_add(value)
        }
    });
    let limit = if choice == "Min" {
        limits.min()
    } else {
        limits.max()
    };
    limit.unwrap_or(current)
}

fn down_limit(memory: &Memory, rules: &Value, current: i64, now: Timestamp) -> i64 {
    let choice = rules.str_or_empty("selectPolicy");
    if choice == "Disabled" {
        return current;
    }
    let limits = rules.items("policies").iter().map(|policy| {
        let start = current.saturating_add(changed(&memory.shrunk, policy, now));
        let value = policy.int("value").unwrap_or_default();
        if policy.str("type") == Some("Percent") {
            hundredths(start, 100_i64.saturating_sub(value), false)
        } else {
            start.saturating_sub(value)
        }
    });
    let limit = if choice == "Min" {
        limits.max()
    } else {
        limits.min()
    };
    limit.unwrap_or(current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_768_478_400 + second)
    }

    const BOUNDS: Bounds = Bounds {
        min: 1,
        max: 100,
        current: 10,
    };

    #[test]
    fn without_a_behavior_growth_is_to_the_double_and_shrinking_waits_five_minutes() {
        let mut memory = Memory::default();
        memory.begin(10, at(0));
        let up = normalize(&mut memory, None, BOUNDS, 50, at(1));
        assert_eq!(
            (up.replicas, up.able.0, up.limit.0),
            (20, "ReadyForNewScale", "ScaleUpLimit")
        );
        let down = normalize(&mut memory, None, BOUNDS, 2, at(20));
        assert_eq!((down.replicas, down.able.0), (20, "ScaleDownStabilized"));
        let later = normalize(&mut memory, None, BOUNDS, 2, at(302));
        assert_eq!((later.replicas, later.limit.0), (2, "DesiredWithinRange"));
    }

    #[test]
    fn policies_limit_the_change_within_their_period() {
        let behavior = json::from_str(
            r#"{"scaleUp":{"stabilizationWindowSeconds":0,"selectPolicy":"Max","policies":[{"type":"Pods","value":4,"periodSeconds":60},{"type":"Percent","value":10,"periodSeconds":60}]},
            "scaleDown":{"stabilizationWindowSeconds":0,"selectPolicy":"Min","policies":[{"type":"Pods","value":1,"periodSeconds":60},{"type":"Percent","value":50,"periodSeconds":60}]}}"#,
        )
        .unwrap();
        let mut memory = Memory::default();
        let up = normalize(&mut memory, Some(&behavior), BOUNDS, 50, at(0));
        assert_eq!((up.replicas, up.limit.0), (14, "ScaleUpLimit"));
        memory.changed(10, 14, at(0));
        let grown = Bounds {
            current: 14,
            ..BOUNDS
        };
        let again = normalize(&mut memory, Some(&behavior), grown, 50, at(30));
        assert_eq!(again.replicas, 14);
        let later = normalize(&mut memory, Some(&behavior), grown, 50, at(61));
        assert_eq!(later.replicas, 18);
        let down = normalize(&mut memory, Some(&behavior), grown, 1, at(62));
        assert_eq!((down.replicas, down.limit.0), (13, "ScaleDownLimit"));
    }

    #[test]
    fn bounds_hold() {
        let mut memory = Memory::default();
        let few = Bounds {
            min: 5,
            max: 12,
            current: 10,
        };
        let many = normalize(&mut memory, None, few, 40, at(0));
        assert_eq!((many.replicas, many.limit.0), (12, "TooManyReplicas"));
        let mut memory = Memory::default();
        let less = normalize(&mut memory, None, few, 1, at(0));
        assert_eq!((less.replicas, less.limit.0), (5, "TooFewReplicas"));
    }
}
