//! Label selectors as text: `a=b,c in (d,e),!f`.

use super::text::{NONE, items_at, joined};
use tollgate_api::{Object, Value};

/// The selector sorted by key; empty if it selects everything, none if it is no selector.
pub fn text(selector: &Value) -> Option<String> {
    let mut terms: Vec<(&str, String)> = selector
        .str_entries("matchLabels")
        .map(|(key, value)| (key, format!("{key}={value}")))
        .collect();
    for expression in items_at(selector, &["matchExpressions"]) {
        let key = expression.str_or_empty("key");
        terms.push((key, requirement(key, expression)?));
    }
    // Requirements of one key stay in the order in which they were written.
    terms.sort_by_key(|(key, _)| *key);
    let texts: Vec<String> = terms.into_iter().map(|(_, text)| text).collect();
    Some(texts.join(","))
}

/// Labels as text, which is a selector of what has them all; sorted, empty if there are none.
pub fn of_labels(labels: Option<&Value>) -> String {
    let mut pairs: Vec<(&str, &str)> = labels
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Object::iter)
        .map(|(key, value)| (key, value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort_unstable();
    let texts: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    texts.join(",")
}

/// The selector as a cell of most kinds: `<none>` if it is empty.
pub(super) fn formatted(found: Option<&Value>) -> Value {
    match found.map_or(Some(String::new()), text) {
        Some(text) if text.is_empty() => NONE.into(),
        Some(text) => text.into(),
        None => "<error>".into(),
    }
}

fn requirement(key: &str, expression: &Value) -> Option<String> {
    let mut values: Vec<&str> = expression
        .items("values")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    values.sort_unstable();
    let values = values.join(",");
    match expression.str_or_empty("operator") {
        "In" => Some(format!("{key} in ({values})")),
        "NotIn" => Some(format!("{key} notin ({values})")),
        "Exists" => Some(key.to_owned()),
        "DoesNotExist" => Some(format!("!{key}")),
        _ => None,
    }
}

/// A selector as Go prints its struct, which is what the bindings of admission policies show.
pub(super) fn go_struct(selector: &Value) -> String {
    let mut labels: Vec<(&str, &str)> = selector.str_entries("matchLabels").collect();
    labels.sort_unstable();
    let labels: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}: {value},"))
        .collect();
    let expressions: Vec<String> = selector
        .items("matchExpressions")
        .iter()
        .map(|expression| {
            format!(
                "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
                expression.str_or_empty("key"),
                expression.str_or_empty("operator"),
                joined(expression.items("values"), " "),
            )
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        labels.concat(),
        expressions.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn selectors_are_printed_by_key() {
        let value = from_str(
            r#"{"matchLabels":{"b":"2"},"matchExpressions":[{"key":"c","operator":"DoesNotExist"},
            {"key":"a","operator":"In","values":["y","x"]},{"key":"d","operator":"Exists"}]}"#,
        )
        .unwrap();
        assert_eq!(formatted(Some(&value)), "a in (x,y),b=2,!c,d".into());
        assert_eq!(formatted(Some(&Value::object())), NONE.into());
        assert_eq!(formatted(None), NONE.into());
        let wrong = from_str(r#"{"matchExpressions":[{"key":"c","operator":"Like"}]}"#).unwrap();
        assert_eq!(formatted(Some(&wrong)), "<error>".into());
        assert_eq!(
            go_struct(&value),
            "&LabelSelector{MatchLabels:map[string]string{b: 2,},MatchExpressions:[]LabelSelectorRequirement{\
             LabelSelectorRequirement{Key:c,Operator:DoesNotExist,Values:[],},\
             LabelSelectorRequirement{Key:a,Operator:In,Values:[y x],},\
             LabelSelectorRequirement{Key:d,Operator:Exists,Values:[],},},}"
        );
    }
}
