//! Markers in the place of what differs from run to run: `<uid>`, `<time>`, `<rv>`, ...
//!
//! Recorded answers are masked already; masking twice changes nothing.

use regex_lite::Regex;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// What is replaced inside texts, in this order.
static REPLACED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (
            r#"(?s)(patch: Invalid value: |^Invalid value: )"\{.*\}(": )"#,
            r#"${1}"<object>${2}"#,
        ),
        (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "<token>"),
        (
            r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
            "<uid>",
        ),
        (
            r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d( [A-Z]+)?)?( m=[+-][\d.]+)?",
            "<time>",
        ),
        (r"\bkube-api-access-[a-z0-9]{5}\b", "kube-api-access-<suffix>"),
        (r"X509SHA256=[0-9a-f]{64}", "X509SHA256=<hash>"),
        (r"(current: )\d+", "${1}<rv>"),
        (r"(Too large resource version: )\d+", "${1}<rv>"),
        (r"(in record \()\d+", "${1}<rv>"),
        (r"(in the precondition \()\d+", "${1}<rv>"),
        (r"(too old resource version: )\d+( \()\d+", "${1}<rv>${2}<rv>"),
    ]
    .into_iter()
    .filter_map(|(pattern, marker)| Some((Regex::new(pattern).ok()?, marker)))
    .collect()
});

/// Masks a value. Managed fields are compared as a set, or not at all.
pub(super) fn mask(value: &Value, has_managed_fields: bool) -> Value {
    masked(value, "", has_managed_fields)
}

fn masked(value: &Value, key: &str, has_managed_fields: bool) -> Value {
    match value {
        Value::Object(entries) => object(entries, has_managed_fields),
        Value::Array(items) => items
            .iter()
            .map(|item| masked(item, key, has_managed_fields))
            .collect(),
        Value::String(text) => json!(masked_text(text, key)),
        Value::Number(number) if matches!(key, "nodePort" | "healthCheckNodePort") => {
            if number.as_u64().is_some_and(|port| port >= 30_000) {
                json!("<port>")
            } else {
                value.clone()
            }
        }
        other => other.clone(),
    }
}

fn object(entries: &Map<String, Value>, has_managed_fields: bool) -> Value {
    let is_table = entries.get("kind").is_some_and(|kind| kind == "Table");
    let mut out = Map::new();
    for (key, value) in entries {
        if key == "managedFields" && !has_managed_fields {
            continue;
        }
        let mut value = match value {
            Value::Array(rows) if is_table && key == "rows" => {
                let rows: Value = rows.iter().map(row).collect();
                masked(&rows, key, has_managed_fields)
            }
            value => masked(value, key, has_managed_fields),
        };
        if key == "managedFields"
            && let Some(items) = value.as_array_mut()
        {
            items.sort_by_cached_key(Value::to_string);
        }
        out.insert(key.clone(), value);
    }
    let text = |key: &str| out.get(key).and_then(Value::as_str);
    if let (Some(prefix), Some(name)) = (text("generateName"), text("name"))
        && !prefix.is_empty()
        && name.starts_with(prefix)
    {
        let name = format!("{prefix}<suffix>");
        out.insert("name".to_owned(), json!(name));
    }
    Value::Object(out)
}

fn masked_text(text: &str, key: &str) -> String {
    let marker = match key {
        "resourceVersion" | "collectionResourceVersion" if !text.is_empty() => "<rv>",
        "continue" if !text.is_empty() => "<continue>",
        "serverAddress" if !text.is_empty() => "<address>",
        "clusterIP" | "clusterIPs" if text.parse::<std::net::Ipv4Addr>().is_ok() => "<ip>",
        "token" if text.len() > 40 => "<token>",
        _ => {
            let mut text = text.to_owned();
            for (pattern, marker) in REPLACED.iter() {
                text = pattern.replace_all(&text, *marker).into_owned();
            }
            return text;
        }
    };
    marker.to_owned()
}

/// Masks the cells of a row of a Table.
fn row(row: &Value) -> Value {
    static AGE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(\d+[smhdy]){1,2}$|^<invalid>$").ok());
    static NODE_PORT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r":3\d{4}/").ok());
    let mut row = row.clone();
    let prefix = row["object"]["metadata"]["generateName"].as_str();
    let prefix = prefix
        .filter(|prefix| !prefix.is_empty())
        .map(str::to_owned);
    for cell in row["cells"].as_array_mut().into_iter().flatten() {
        let Some(text) = cell.as_str() else { continue };
        let is_age = AGE.as_ref().is_some_and(|age| age.is_match(text));
        let is_ip = text.starts_with("10.") && text.parse::<std::net::Ipv4Addr>().is_ok();
        let generated = prefix.as_ref().filter(|prefix| text.starts_with(*prefix));
        let masked = match (generated, &*NODE_PORT) {
            _ if is_age => "<age>".to_owned(),
            _ if is_ip => "<ip>".to_owned(),
            (Some(prefix), _) => format!("{prefix}<suffix>"),
            (None, Some(port)) => port.replace_all(text, ":<port>/").into_owned(),
            (None, None) => continue,
        };
        *cell = json!(masked);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(REPLACED.len(), 11);
    }

    #[test]
    fn what_differs_from_run_to_run_is_masked_and_only_that() {
        let answer = json!({
            "metadata": {
                "generateName": "p-", "name": "p-x2x4z", "resourceVersion": "17", "managedFields": [],
                "uid": "0f9a1b2c-0000-4000-8000-0123456789ab", "creationTimestamp": "2026-01-15T12:00:00Z",
            },
            "spec": {"clusterIP": "10.0.0.7", "ports": [{"nodePort": 31000, "port": 31000}]},
            "message": "current: 12, wanted: 12",
        });
        let expected = json!({
            "metadata": {
                "generateName": "p-", "name": "p-<suffix>", "resourceVersion": "<rv>",
                "uid": "<uid>", "creationTimestamp": "<time>",
            },
            "spec": {"clusterIP": "<ip>", "ports": [{"nodePort": "<port>", "port": 31000}]},
            "message": "current: <rv>, wanted: 12",
        });
        assert_eq!(mask(&answer, false), expected);
        assert_eq!(mask(&expected, false), expected);
    }
}
