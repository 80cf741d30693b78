//! Priority and fairness of requests.

use crate::table::text::{NONE, age, at, at_or, condition, int_at, name};
use tollgate_api::{Timestamp, Value};

pub(super) fn flow_schema(schema: &Value, now: Timestamp) -> Vec<Value> {
    let dangling = condition(schema, "Dangling");
    vec![
        name(schema),
        at(schema, &["spec", "priorityLevelConfiguration", "name"]),
        int_at(schema, &["spec", "matchingPrecedence"]).into(),
        at_or(schema, &["spec", "distinguisherMethod", "type"], NONE),
        age(schema, now),
        dangling.map_or_else(|| "?".into(), |condition| at(condition, &["status"])),
    ]
}

pub(super) fn priority_level(level: &Value, now: Timestamp) -> Vec<Value> {
    let limited = level.at(&["spec", "limited"]);
    let queuing = limited.and_then(|limited| limited.at(&["limitResponse", "queuing"]));
    let number = |of: Option<&Value>, key: &str| match of {
        Some(of) => int_at(of, &[key]).into(),
        None => Value::from(NONE),
    };
    vec![
        name(level),
        at(level, &["spec", "type"]),
        number(limited, "nominalConcurrencyShares"),
        number(queuing, "queues"),
        number(queuing, "handSize"),
        number(queuing, "queueLengthLimit"),
        age(level, now),
    ]
}
