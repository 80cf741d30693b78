//! The order of the members of a merged list.

use std::collections::BTreeMap;
use tollgate_api::value::CompactString;
use tollgate_api::{Number, Object, Value};

/// What tells members apart: a text or number by itself, an object by its merge key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    Text(CompactString),
}

impl Key {
    /// The key of a value; none for lists and objects, which cannot be keys.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(Number::Int(value)) => Some(Self::Int(*value)),
            Value::Number(Number::Float(value)) => Some(Self::Float(value.to_bits())),
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The key of a member of a list with that merge key.
    pub(super) fn of_member(member: &Value, merge_key: &str) -> Option<Self> {
        match member {
            Value::Object(object) => Self::of_object(object, merge_key),
            other => Self::of(other),
        }
    }

    /// The key of an object; none if it has none, or one that cannot be compared.
    pub(super) fn of_object(object: &Object, merge_key: &str) -> Option<Self> {
        Self::of(object.get_or_null(merge_key)?)
    }
}

/// Where each key first stands in a list.
pub(super) type Places = BTreeMap<Key, usize>;

/// Where each key first stands among `keys`.
pub(super) fn places(keys: impl IntoIterator<Item = Option<Key>>) -> Places {
    let mut places = Places::new();
    for (place, key) in keys.into_iter().enumerate() {
        if let Some(key) = key {
            places.entry(key).or_insert(place);
        }
    }
    places
}

/// Where the key of each member of a list first stands.
pub(super) fn places_in(list: &[Value], merge_key: &str) -> Places {
    places(list.iter().map(|member| Key::of_member(member, merge_key)))
}

/// Puts `merged` in order: those in `wanted` in its order, the others in the order of `live`, and both interleaved
/// as `live` has them, as far as that goes.
pub(super) fn arrange(
    merged: Vec<Value>,
    wanted: &Places,
    live: &Places,
    merge_key: &str,
) -> Vec<Value> {
    // Of each member: its place in the order that counts for it, its place in the live list, itself.
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for member in merged {
        let key = Key::of_member(&member, merge_key);
        let place = |places: &Places| key.as_ref().and_then(|key| places.get(key).copied());
        let (wanted, live) = (place(wanted), place(live));
        match wanted {
            Some(wanted) => named.push((wanted, live, member)),
            None => others.push((live.unwrap_or(usize::MAX), live, member)),
        }
    }
    named.sort_by_key(|(place, _, _)| *place);
    others.sort_by_key(|(place, _, _)| *place);
    let mut result = Vec::with_capacity(named.len().saturating_add(others.len()));
    let mut others = others.into_iter().peekable();
    for (_, place, member) in named {
        while let Some((_, Some(other), _)) = others.peek()
            && place.is_some_and(|place| *other < place)
        {
            result.extend(others.next().map(|(_, _, member)| member));
        }
        result.push(member);
    }
    result.extend(others.map(|(_, _, member)| member));
    result
}
