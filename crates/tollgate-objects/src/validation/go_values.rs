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

/// A label selector, of which upstream has one type only: it prints as JSON.
pub(super) fn selector(selector: &Value) -> Value {
    let labels = selector.get("matchLabels").map(map);
    let expressions = selector.get("matchExpressions").cloned();
    [("matchLabels", labels), ("matchExpressions", expressions)]
        .into_iter()
        .filter_map(|(field, value)| value.map(|value| (field, value)))
        .collect()
}
