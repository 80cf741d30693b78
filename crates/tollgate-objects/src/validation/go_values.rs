//! Structs as they print in errors: with Go's field names, because upstream shows its internal types.
//!
//! A field that was not set prints as `null` if it is a pointer, a list or a map, else as its zero value.

use tollgate_api::Value;

/// The entries of a Go struct, each from a field of the object.
pub(super) fn object<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    fields.into_iter().collect()
}

/// A pointer, a list or a map of basic values.
pub(super) fn nullable(holder: &Value, key: &str) -> Value {
    holder.get(key).cloned().unwrap_or_default()
}

/// Text that is no pointer.
pub(super) fn text(holder: &Value, key: &str) -> Value {
    holder.str_or_empty(key).into()
}

/// A pointer to a struct.
pub(super) fn pointer(holder: &Value, key: &str, print: fn(&Value) -> Value) -> Value {
    holder.get(key).map(print).unwrap_or_default()
}

/// A map, which prints with its keys sorted.
pub(super) fn map(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(entries) = value.as_object_mut() {
        entries.sort_by_key();
    }
    value
}

/// A label selector, of which upstream has one type only: it prints as JSON, without what is empty, but always with the
/// key and the operator of an expression.
pub(super) fn selector(selector: &Value) -> Value {
    let labels = selector.get("matchLabels").map(map);
    let expressions = selector.items("matchExpressions").iter().map(expression);
    let expressions = Value::Array(expressions.collect());
    [
        ("matchLabels", labels),
        ("matchExpressions", Some(expressions)),
    ]
    .into_iter()
    .filter_map(|(field, value)| Some((field, value.filter(|value| !is_empty(value))?)))
    .collect()
}

fn expression(expression: &Value) -> Value {
    let mut printed = object([
        ("key", text(expression, "key")),
        ("operator", text(expression, "operator")),
    ]);
    let values = expression.items("values");
    if !values.is_empty() {
        printed.set("values", values.to_vec());
    }
    printed
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(entries) => entries.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A slice of structs: what was not set prints as `null`.
pub(super) fn structs(holder: &Value, key: &str, print: impl FnMut(&Value) -> Value) -> Value {
    match holder.get(key) {
        Some(Value::Array(items)) => Value::Array(items.iter().map(print).collect()),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn selectors_print_without_what_is_empty_but_with_every_key_and_operator() {
        for (given, printed) in [
            (r#"{"matchLabels":{}}"#, "{}"),
            (r#"{"matchExpressions":[]}"#, "{}"),
            (
                r#"{"matchLabels":{"b":"1","a":"2"},"matchExpressions":[{}]}"#,
                r#"{"matchLabels":{"a":"2","b":"1"},"matchExpressions":[{"key":"","operator":""}]}"#,
            ),
            (
                r#"{"matchExpressions":[{"values":["x"],"key":"k"}]}"#,
                r#"{"matchExpressions":[{"key":"k","operator":"","values":["x"]}]}"#,
            ),
        ] {
            let shown = selector(&from_str(given).unwrap());
            assert_eq!(shown, from_str(printed).unwrap(), "{given}");
        }
    }
}
