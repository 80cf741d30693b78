//! Where two values differ.

use serde_json::Value;
use std::collections::BTreeSet;

/// As many places are told.
const TOLD_MAX: usize = 12;

/// The places where two values differ: `place: expected / found`.
pub(super) fn between(expected: &Value, found: &Value) -> Vec<String> {
    let mut out = Vec::new();
    compare(Some(expected), Some(found), "", &mut out);
    out.truncate(TOLD_MAX);
    out
}

fn compare(expected: Option<&Value>, found: Option<&Value>, place: &str, out: &mut Vec<String>) {
    match (expected, found) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let place = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
                compare(one.get(key), other.get(key), &place, out);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for index in 0..one.len().max(other.len()) {
                let place = format!("{place}/{index}");
                compare(one.get(index), other.get(index), &place, out);
            }
        }
        _ if expected == found => {}
        _ => {
            let text = |value: Option<&Value>| match value {
                Some(value) => value.to_string().chars().take(600).collect(),
                None => "(absent)".to_owned(),
            };
            out.push(format!("{place}: {} / {}", text(expected), text(found)));
        }
    }
}
