//! JSON merge patch: RFC 7386, as Kubernetes applies it.

use super::duplicates::last_of_each;
use super::error::PatchError;
use tollgate_api::go_format::json_kind;
use tollgate_api::{Object, Value};

/// Merges `patch` into `document`. The document stays as it was if `patch` is no object, which is the only error.
///
/// A null removes a key. Where a subtree is new, nulls in it are dropped, in objects inside of lists too; where a list
/// takes the place of an object it is kept as it is.
pub fn apply(document: &mut Value, patch: &Value) -> Result<(), PatchError> {
    match last_of_each(patch).as_ref() {
        Value::Object(patch) => {
            match document {
                Value::Object(object) => merge_objects(object, patch),
                _ => *document = Value::Object(without_nulls_in(patch)),
            }
            Ok(())
        }
        Value::Null => Err(PatchError::Malformed("Invalid JSON Patch".into())),
        other => Err(PatchError::Malformed(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            json_kind(other)
        ))),
    }
}

fn merge_objects(object: &mut Object, patch: &Object) {
    for (key, change) in patch.iter() {
        match (object.get_mut(key), change) {
            (_, Value::Null) => {
                object.remove(key);
            }
            (Some(Value::Object(inner)), Value::Object(change)) => merge_objects(inner, change),
            (Some(place @ Value::Object(_)), change) => *place = change.clone(),
            (Some(place), change) => *place = without_nulls(change),
            (None, change) => object.insert(key, without_nulls(change)),
        }
    }
    // What upstream took apart it writes with sorted keys.
    object.sort_by_key();
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(without_nulls_in(object)),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

fn without_nulls_in(object: &Object) -> Object {
    let members = object.iter().filter(|(_, value)| !value.is_null());
    let mut left: Object = members
        .map(|(key, value)| (key, without_nulls(value)))
        .collect();
    left.sort_by_key();
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::arbitrary::value as any_value;
    use proptest::prelude::*;
    use tollgate_api::json::from_str;

    fn merged(document: &str, patch: &str) -> String {
        let mut document = from_str(document).unwrap();
        apply(&mut document, &from_str(patch).unwrap()).unwrap();
        tollgate_api::json::to_string(&document)
    }

    #[test]
    fn a_null_removes_and_objects_merge() {
        assert_eq!(
            merged(
                r#"{"a":{"b":1,"c":2},"d":3}"#,
                r#"{"a":{"b":null,"e":4},"d":null}"#
            ),
            r#"{"a":{"c":2,"e":4}}"#
        );
    }

    #[test]
    fn nulls_of_a_new_subtree_are_dropped_in_lists_too() {
        assert_eq!(
            merged("{}", r#"{"a":{"b":null,"l":[null,{"x":null,"y":1}]}}"#),
            r#"{"a":{"l":[null,{"y":1}]}}"#
        );
    }

    #[test]
    fn a_list_in_the_place_of_an_object_keeps_its_nulls() {
        assert_eq!(
            merged(r#"{"a":{"b":1}}"#, r#"{"a":[{"x":null}]}"#),
            r#"{"a":[{"x":null}]}"#
        );
    }

    #[test]
    fn what_was_taken_apart_has_sorted_keys() {
        assert_eq!(
            merged(
                r#"{"b":{"z":1,"a":2},"a":{"z":1,"y":2}}"#,
                r#"{"b":{"c":{"e":1,"d":2}}}"#
            ),
            r#"{"a":{"z":1,"y":2},"b":{"a":2,"c":{"d":2,"e":1},"z":1}}"#
        );
    }

    #[test]
    fn of_keys_that_stand_twice_the_last_counts() {
        assert_eq!(
            merged("{}", r#"{"a":{"b":1},"a":{"c":2}}"#),
            r#"{"a":{"c":2}}"#
        );
    }

    #[test]
    fn what_is_no_object_is_refused_in_upstreams_words() {
        let refused = |patch: &str| {
            apply(&mut Value::object(), &from_str(patch).unwrap())
                .unwrap_err()
                .status()
        };
        assert_eq!(
            refused("[]").message,
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
        assert_eq!(refused("null").message, "Invalid JSON Patch");
        assert_eq!(refused("null").code, 400);
    }

    proptest! {
        #[test]
        fn an_empty_patch_is_the_identity_and_a_patch_twice_is_the_patch_once(
            document in any_value(), patch in any_value()
        ) {
            let before = document.clone();
            let mut document = document;
            if !matches!(document, Value::Object(_)) {
                return Ok(());
            }
            apply(&mut document, &Value::object()).unwrap();
            prop_assert_eq!(&document, &before);
            let outcome = apply(&mut document, &patch);
            prop_assert_eq!(outcome.is_ok(), patch.as_object().is_some());
            if outcome.is_err() {
                prop_assert_eq!(&document, &before);
                return Ok(());
            }
            let once = document.clone();
            apply(&mut document, &patch).unwrap();
            prop_assert_eq!(document, once);
        }
    }
}
