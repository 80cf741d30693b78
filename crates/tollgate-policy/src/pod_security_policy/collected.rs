//! Updates by which the garbage collector and its clients prepare a deletion.

use tollgate_api::{Quantity, Value};

/// What such updates change in `metadata`; whoever may delete an object may change these.
const COLLECTOR_FIELDS: [&str; 4] = ["ownerReferences", "finalizers", "selfLink", "managedFields"];

/// Maps and structs that Go holds by value: empty is the same as absent. All other objects are pointers.
const HELD_BY_VALUE: [&str; 12] = [
    "annotations",
    "labels",
    "limits",
    "matchLabels",
    "metadata",
    "nodeSelector",
    "options",
    "overhead",
    "requests",
    "resources",
    "status",
    "volumeAttributes",
];

/// Texts that Go holds by pointer: empty is not the same as absent. All other texts are held by value.
const TEXT_POINTERS: [&str; 5] = [
    "fsGroupChangePolicy",
    "localhostProfile",
    "procMount",
    "runtimeClassName",
    "storageClassName",
];

/// Booleans and numbers of a pod that Go holds by value.
const SCALARS_HELD_BY_VALUE: [&str; 8] = [
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPort",
    "readOnly",
    "stdin",
    "stdinOnce",
    "tty",
];

/// Maps of quantities, which are equal if they are the same amount.
const QUANTITIES: [&str; 3] = ["limits", "overhead", "requests"];

/// Whether `new` differs from `old` in nothing but owner references, finalizers and bookkeeping.
pub(super) fn only_collector_fields_change(new: &Value, old: &Value) -> bool {
    same_fields("", new, old, &["metadata"])
        && same_fields(
            "metadata",
            new.get("metadata").unwrap_or(&Value::Null),
            old.get("metadata").unwrap_or(&Value::Null),
            &COLLECTOR_FIELDS,
        )
}

/// Whether the objects `a` and `b`, which stand under `key`, are equal apart from the fields `except`.
fn same_fields(key: &str, a: &Value, b: &Value, except: &[&str]) -> bool {
    let keys = |value: &Value, other: &Value| {
        let mut keys = value
            .as_object()
            .into_iter()
            .flat_map(tollgate_api::Object::keys);
        keys.all(|name| except.contains(&name) || same(key, name, value.get(name), other.get(name)))
    };
    keys(a, b) && keys(b, a)
}

fn same(parent: &str, key: &str, a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(one), None) | (None, Some(one)) => is_zero(key, one),
        (Some(Value::Object(_)), Some(Value::Object(_))) => {
            let (a, b) = (a.unwrap_or(&Value::Null), b.unwrap_or(&Value::Null));
            same_fields(key, a, b, &[])
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| same(key, "", Some(a), Some(b)))
        }
        (Some(a), Some(b)) if QUANTITIES.contains(&parent) => a == b || same_amount(a, b),
        (Some(a), Some(b)) => a == b,
    }
}

/// Whether Go would hold this and absence as the same value.
fn is_zero(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty() && HELD_BY_VALUE.contains(&key),
        Value::String(text) => text.is_empty() && !TEXT_POINTERS.contains(&key),
        Value::Bool(value) => !value && SCALARS_HELD_BY_VALUE.contains(&key),
        Value::Number(value) => value.as_i64() == Some(0) && SCALARS_HELD_BY_VALUE.contains(&key),
    }
}

fn same_amount(a: &Value, b: &Value) -> bool {
    match (Quantity::from_value(a), Quantity::from_value(b)) {
        (Ok(a), Ok(b)) => a.compare(&b).is_eq(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(new: &str, old: &str, expected: bool) {
        let read = |text| tollgate_api::json::from_str(text).unwrap();
        assert_eq!(
            only_collector_fields_change(&read(new), &read(old)),
            expected,
            "{new} {old}"
        );
    }

    #[test]
    fn owners_and_finalizers_do_not_count() {
        check(
            r#"{"metadata":{"name":"a","finalizers":["x"],"ownerReferences":[{}]}}"#,
            r#"{"metadata":{"name":"a"}}"#,
            true,
        );
        check(
            r#"{"metadata":{"labels":{"a":"b"}}}"#,
            r#"{"metadata":{}}"#,
            false,
        );
        check(
            r#"{"spec":{"containers":[{"image":"a"}]}}"#,
            r#"{"spec":{"containers":[{"image":"b"}]}}"#,
            false,
        );
    }

    #[test]
    fn absent_and_zero_are_the_same_where_go_cannot_tell() {
        check(
            r#"{"metadata":{"labels":{}},"spec":{}}"#,
            r#"{"metadata":null,"spec":{}}"#,
            true,
        );
        check(
            r#"{"spec":{"hostNetwork":false,"volumes":[]}}"#,
            r#"{"spec":{}}"#,
            true,
        );
        check(
            r#"{"spec":{"securityContext":{}}}"#,
            r#"{"spec":{}}"#,
            false,
        );
    }

    #[test]
    fn amounts_are_compared_as_amounts() {
        let pod = |cpu: &str| {
            format!(
                r#"{{"spec":{{"containers":[{{"resources":{{"limits":{{"cpu":"{cpu}"}}}}}}]}}}}"#
            )
        };
        check(&pod("1"), &pod("1000m"), true);
        check(&pod("1"), &pod("2"), false);
    }
}
