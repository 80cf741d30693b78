//! How a default is set: what counts as unset depends on the Go type of the field.
//!
//! A pointer is unset if it is absent or `null`; text also if it is empty, a number also if it is zero. What stands
//! there with a wrong type is left alone: decoding reports it, and a default must not hide it.

use tollgate_api::{Number, Value};

/// Sets a pointer field that is absent.
pub(super) fn if_absent(owner: &mut Value, key: &'static str, value: impl Into<Value>) {
    if owner.as_object().is_some() {
        owner.set_default(key, || value);
    }
}

/// Sets a text field that is absent or empty.
pub(super) fn if_empty(owner: &mut Value, key: &'static str, text: &'static str) {
    if let Some(object) = owner.as_object_mut() {
        fill(object.slot(key), text);
    }
}

/// Puts text into the place of a text field, if that is `null` or empty.
pub(super) fn fill(place: &mut Value, text: &'static str) {
    if place.is_null() || place.as_str() == Some("") {
        *place = text.into();
    }
}

/// Sets a number field that is absent or zero.
pub(super) fn if_zero(owner: &mut Value, key: &'static str, number: i64) {
    if let Some(object) = owner.as_object_mut() {
        let slot = object.slot(key);
        if slot.is_null() || matches!(slot, Value::Number(there) if *there == Number::Int(0)) {
            *slot = number.into();
        }
    }
}

/// The struct behind a pointer field, if it is set.
pub(super) fn pointer<'v>(owner: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    owner
        .get_mut(key)
        .filter(|child| child.as_object().is_some())
}

/// The struct in a field that is no pointer: always there to Go, so it is made if it is absent.
pub(super) fn structure<'v>(owner: &'v mut Value, key: &'static str) -> Option<&'v mut Value> {
    owner.as_object()?;
    owner.set_default(key, Value::object);
    pointer(owner, key)
}

/// The structs of a list field; a `null` member is an empty struct to Go.
pub(super) fn structures<'v>(
    owner: &'v mut Value,
    key: &str,
) -> impl Iterator<Item = &'v mut Value> {
    owner.items_mut(key).iter_mut().filter_map(member)
}

/// The structs of a list.
pub(super) fn members(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    let members = list.as_array_mut().into_iter().flatten();
    members.filter_map(member)
}

fn member(member: &mut Value) -> Option<&mut Value> {
    if member.is_null() {
        *member = Value::object();
    }
    member.as_object().is_some().then_some(member)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn leaves_what_is_set_and_what_has_a_wrong_type() {
        let mut owner = from_str(r#"{"a":"","b":0,"c":null,"d":5,"e":"x","f":7}"#).unwrap();
        if_empty(&mut owner, "a", "A");
        if_zero(&mut owner, "b", 1);
        if_absent(&mut owner, "c", true);
        if_empty(&mut owner, "d", "D");
        if_zero(&mut owner, "e", 1);
        if_absent(&mut owner, "f", true);
        assert_eq!(
            owner,
            from_str(r#"{"a":"A","b":1,"c":true,"d":5,"e":"x","f":7}"#).unwrap()
        );
        let mut text = Value::from("x");
        if_empty(&mut text, "a", "A");
        assert!(structure(&mut text, "a").is_none());
        assert_eq!(text, Value::from("x"));
    }
}
