//! Places in a value: JSON pointers, in which `*` is every key or index.

use serde_json::{Value, json};

fn segments(place: &str) -> Vec<String> {
    let segments = place.split('/').skip(1);
    segments
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// The value at a place; null if there is none. `?a.b=c` takes the first item of a list whose `a.b` is `c`, a `*` at the
/// end gives the keys.
pub(super) fn pick(value: &Value, place: &str) -> Value {
    let mut here = value.clone();
    for segment in segments(place) {
        here = match here {
            Value::Object(entries) if segment == "*" => entries.keys().cloned().collect(),
            Value::Object(mut entries) => entries.remove(&segment).unwrap_or_default(),
            Value::Array(items) => match segment.strip_prefix('?') {
                Some(wanted) => first(&items, wanted),
                None => segment
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index).cloned())
                    .unwrap_or_default(),
            },
            _ => return Value::Null,
        };
    }
    here
}

fn first(items: &[Value], wanted: &str) -> Value {
    let (keys, text) = wanted.split_once('=').unwrap_or((wanted, ""));
    let found = items.iter().find(|item| {
        let mut here = *item;
        for key in keys.split('.') {
            here = here.get(key).unwrap_or(&Value::Null);
        }
        match here {
            Value::String(here) => here == text,
            other => other.to_string() == text,
        }
    });
    found.cloned().unwrap_or_default()
}

/// Takes what is at a place out of the comparison.
pub(super) fn ignore(value: &mut Value, place: &str) {
    let mut segments = segments(place);
    let Some(last) = segments.pop() else { return };
    each(value, &segments, &mut |container| match container {
        Value::Object(entries) if last == "*" => entries.clear(),
        Value::Object(entries) => {
            entries.remove(&last);
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if last == "*" || last == index.to_string() {
                    *item = json!("<ignored>");
                }
            }
        }
        _ => {}
    });
}

/// Sorts the list at a place, or what a text has between `[` and its end.
pub(super) fn sort(value: &mut Value, place: &str) {
    each(value, &segments(place), &mut |found| match found {
        Value::Array(items) => items.sort_by_cached_key(Value::to_string),
        Value::String(text) => {
            let (head, list) = text.split_once('[').unwrap_or((text, ""));
            let mut parts: Vec<&str> = list.trim_end_matches(']').split(", ").collect();
            parts.sort_unstable();
            *text = format!("{head}[{}", parts.join(", "));
        }
        _ => {}
    });
}

fn each(value: &mut Value, segments: &[String], change: &mut impl FnMut(&mut Value)) {
    let Some((segment, rest)) = segments.split_first() else {
        return change(value);
    };
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                if segment == "*" || segment == key {
                    each(value, rest, change);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if segment == "*" || *segment == index.to_string() {
                    each(item, rest, change);
                }
            }
        }
        _ => {}
    }
}
