//! Label selectors as objects hold them (`matchLabels`, `matchExpressions`): which labels they match.

use crate::value::Value;

/// Whether a label selector matches `labels`; an empty one matches everything, one that cannot be read nothing.
///
/// ```
/// use tollgate_api::{json, label_selector};
/// let selector = json::from_str(r#"{"matchLabels":{"app":"web"}}"#)?;
/// assert!(label_selector::matches(&selector, &json::from_str(r#"{"app":"web","tier":"front"}"#)?));
/// # Ok::<(), json::ParseError>(())
/// ```
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let equal = selector
        .str_entries("matchLabels")
        .all(|(key, value)| labels.str(key) == Some(value));
    equal
        && selector.items("matchExpressions").iter().all(|expression| {
            let label = labels.str(expression.str_or_empty("key"));
            let is_listed = |label: &str| {
                let mut values = expression.items("values").iter();
                values.any(|value| value.as_str() == Some(label))
            };
            match expression.str_or_empty("operator") {
                "In" => label.is_some_and(is_listed),
                "NotIn" => !label.is_some_and(is_listed),
                "Exists" => label.is_some(),
                "DoesNotExist" => label.is_none(),
                _ => false,
            }
        })
}

/// Whether a selector asks for nothing, and so matches everything.
pub fn is_empty(selector: &Value) -> bool {
    selector.entries("matchLabels").next().is_none()
        && selector.items("matchExpressions").is_empty()
}
