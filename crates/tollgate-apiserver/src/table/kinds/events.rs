//! Events, of both groups.

use crate::table::age;
use crate::table::text::{at, int_at, name, str_at};
use tollgate_api::{Timestamp, Value};

pub(super) fn event(event: &Value, now: Timestamp) -> Vec<Value> {
    // The newer group has other names for the same fields.
    let either = |old: &str, new: &str| -> Option<Timestamp> {
        let text = event.str(old).or_else(|| event.str(new));
        text.and_then(Timestamp::parse)
    };
    let event_time = event.str("eventTime").and_then(Timestamp::parse);
    let first = either("firstTimestamp", "deprecatedFirstTimestamp").or(event_time);
    let mut last = either("lastTimestamp", "deprecatedLastTimestamp").or(first);
    let mut count = match (event.int("count"), event.int("deprecatedCount")) {
        (Some(count @ 1..), _) | (_, Some(count @ 1..)) => count,
        _ => 1,
    };
    if let Some(series) = event.get("series") {
        last = series.str("lastObservedTime").and_then(Timestamp::parse);
        count = int_at(series, &["count"]);
    }
    let object = event
        .get("involvedObject")
        .or_else(|| event.get("regarding"));
    let object = object.unwrap_or(&Value::Null);
    let message = event
        .str("message")
        .or_else(|| event.str("note"))
        .unwrap_or_default();
    vec![
        age::since_time(last, now).into(),
        at(event, &["type"]),
        at(event, &["reason"]),
        target(object).into(),
        at(object, &["fieldPath"]),
        source(event).into(),
        message.trim().into(),
        age::since_time(first, now).into(),
        count.into(),
        name(event),
    ]
}

fn target(object: &Value) -> String {
    let kind = object.str_or_empty("kind").to_lowercase();
    match object.str_or_empty("name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

fn source(event: &Value) -> String {
    let first = |paths: [&[&str]; 4]| {
        let texts = paths.map(|path| str_at(event, path));
        texts
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    };
    let component = first([
        &["source", "component"],
        &["deprecatedSource", "component"],
        &["reportingComponent"],
        &["reportingController"],
    ]);
    let instance = first([
        &["source", "host"],
        &["deprecatedSource", "host"],
        &["reportingInstance"],
        &[],
    ]);
    if instance.is_empty() {
        component.to_owned()
    } else {
        format!("{component}, {instance}")
    }
}
