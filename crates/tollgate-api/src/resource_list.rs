//! Lists of amounts by resource: `requests`, `limits`, `hard`, `overhead`.

use crate::resource_name;
use crate::value::{Object, Value};
use crate::{Quantity, quantity::ParseQuantityError};

/// The amounts of a list, in written order. What is no amount is left out; JSON `null` is 0, as in Go.
pub fn amounts(list: Option<&Value>) -> impl Iterator<Item = (&str, Quantity)> {
    entries(list).filter_map(|(name, amount)| Some((name, amount.ok()?)))
}

/// The entries of a list, in written order, whether they are amounts or not. Of a name that stands there twice the last
/// one counts.
pub fn entries(
    list: Option<&Value>,
) -> impl Iterator<Item = (&str, Result<Quantity, ParseQuantityError>)> {
    let list = list.and_then(Value::as_object);
    list.into_iter().flat_map(|list| {
        list.iter()
            .filter(|(name, value)| counts(list, name, value))
            .map(|(name, value)| (name, Quantity::from_value(value)))
    })
}

fn counts(list: &Object, name: &str, value: &Value) -> bool {
    list.get_or_null(name)
        .is_none_or(|last| std::ptr::eq(last, value))
}

/// Whether a pod requests or limits anything for all its containers together (`IsPodLevelResourcesSet`).
pub fn is_pod_level_set(pod_spec: &Value) -> bool {
    is_pod_level_set_in(pod_spec, "requests") || is_pod_level_set_in(pod_spec, "limits")
}

/// The same for `requests` or for `limits` alone.
pub fn is_pod_level_set_in(pod_spec: &Value, list: &str) -> bool {
    pod_spec.get("resources").is_some_and(|resources| {
        resources
            .entries(list)
            .any(|(name, _)| resource_name::is_pod_level(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_counts_and_null_is_zero() {
        let list = crate::json::from_str(r#"{"cpu":"1","memory":null,"x":[],"cpu":"2"}"#).unwrap();
        let amounts: Vec<_> = amounts(Some(&list))
            .map(|(name, amount)| format!("{name}={amount}"))
            .collect();
        assert_eq!(amounts, ["memory=0", "cpu=2"]);
    }
}
