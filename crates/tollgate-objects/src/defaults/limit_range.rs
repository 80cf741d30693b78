//! LimitRange: of a container's item, `max` becomes the default limit, which becomes the default request, and `min`
//! becomes what is left of the default requests.

use super::resource_list;
use super::set::{pointer, structures};
use tollgate_api::Value;

/// Sets the defaults of a LimitRange.
pub fn set_defaults(range: &mut Value) {
    let Some(spec) = pointer(range, "spec") else {
        return;
    };
    for item in structures(spec, "limits") {
        for list in LISTS {
            resource_list::set_defaults(item, list);
        }
        if item.str("type") == Some("Container") {
            copy_missing(item, "max", "default");
            copy_missing(item, "default", "defaultRequest");
            copy_missing(item, "min", "defaultRequest");
        }
    }
}

const LISTS: [&str; 5] = [
    "max",
    "min",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
];

/// Copies the amounts of `from` that `to` has none for; `null` is an amount, 0.
fn copy_missing(item: &mut Value, from: &str, to: &'static str) {
    let Some(source) = item.get(from).and_then(Value::as_object) else {
        return;
    };
    let target = item.get(to);
    if target.is_some_and(|target| target.as_object().is_none()) {
        // Not a list at all: decoding reports it.
        return;
    }
    let target = target.and_then(Value::as_object);
    let missing: Vec<_> = source
        .iter()
        .filter(|(resource, _)| target.is_none_or(|target| target.get_or_null(resource).is_none()))
        .map(|(resource, amount)| (resource.to_owned(), amount.clone()))
        .collect();
    for (resource, amount) in missing {
        item.child_mut(to).set(resource, amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(item: &str, expected: &str) {
        let range = |item: &str| from_str(&format!(r#"{{"spec":{{"limits":[{item}]}}}}"#)).unwrap();
        let mut object = range(item);
        set_defaults(&mut object);
        assert_eq!(object, range(expected));
    }

    #[test]
    fn containers_get_defaults_from_max_and_min() {
        check(
            r#"{"type":"Container","max":{"cpu":"1.0","memory":"1Gi"},"min":{"cpu":"0.1","x.io/y":1},
                "default":{"memory":"512Mi"}}"#,
            r#"{"type":"Container","max":{"cpu":"1","memory":"1Gi"},"min":{"cpu":"100m","x.io/y":"1"},
                "default":{"memory":"512Mi","cpu":"1"},
                "defaultRequest":{"memory":"512Mi","cpu":"1","x.io/y":"1"}}"#,
        );
    }

    #[test]
    fn other_types_are_only_rounded() {
        check(
            r#"{"type":"Pod","max":{"cpu":"0.0001"}}"#,
            r#"{"type":"Pod","max":{"cpu":"1m"}}"#,
        );
    }

    #[test]
    fn wrong_types_stay() {
        check(
            r#"{"type":"Container","max":{"cpu":"1"},"default":7}"#,
            r#"{"type":"Container","max":{"cpu":"1"},"default":7}"#,
        );
    }
}
