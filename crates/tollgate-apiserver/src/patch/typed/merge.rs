//! Puts an applied configuration into an object.

use super::node::Node;
use super::types::{Atom, List, Map, Type};
use super::validate::element_of;
use crate::patch::field_set::PathElement;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::{Object, Value};
use tollgate_objects::schema::ListType;

/// The object with everything that the configuration says; none if nothing is left of both.
///
/// Both fit the type. Members of lists stand in the order of the configuration; those that it does not name stand where
/// they stood, as far as that goes.
pub(crate) fn merge(object: &Value, configuration: &Value, of: Type<'_>) -> Option<Value> {
    places(Some(object), Some(configuration), of)
}

fn atom<'s>(value: Option<&Value>, of: Type<'s>) -> Option<Atom<'s>> {
    of.atom(value.map(Node::of))
}

fn places(left: Option<&Value>, right: Option<&Value>, of: Type<'_>) -> Option<Value> {
    // Where the two are of different sorts, the configuration's counts.
    let deciding = if right.is_some() { right } else { left };
    let leaf = || right.or(left).cloned();
    match atom(deciding, of)? {
        Atom::Scalar(_) => leaf(),
        Atom::List(list) => {
            let items = |value: Option<&Value>| {
                value
                    .and_then(Value::as_array)
                    .unwrap_or_default()
                    .is_empty()
            };
            if list.relation == ListType::Atomic || (items(left) && items(right)) {
                return leaf();
            }
            let items = |value: Option<&Value>| {
                value
                    .and_then(Value::as_array)
                    .map(<[Value]>::to_vec)
                    .unwrap_or_default()
            };
            let merged = lists(&items(left), &items(right), &list);
            (!merged.is_empty()).then_some(Value::Array(merged))
        }
        Atom::Map(map) => {
            let empty = |value: Option<&Value>| {
                value
                    .and_then(Value::as_object)
                    .is_none_or(Object::is_empty)
            };
            if map.is_atomic || (empty(left) && empty(right)) {
                return leaf();
            }
            let merged = maps(
                left.and_then(Value::as_object),
                right.and_then(Value::as_object),
                &map,
            );
            (!merged.is_empty()).then_some(Value::Object(merged))
        }
    }
}

fn maps(left: Option<&Object>, right: Option<&Object>, map: &Map<'_>) -> Object {
    let mut merged = Object::new();
    let child = |key: &str, left: Option<&Value>, right: Option<&Value>| {
        places(left, right, map.at(key).unwrap_or(Type::Untyped))
    };
    for (key, value) in left.into_iter().flat_map(Object::iter) {
        let other = right.and_then(|right| right.get_or_null(key));
        if let Some(value) = child(key, Some(value), other) {
            merged.push(key, value);
        }
    }
    for (key, value) in right.into_iter().flat_map(Object::iter) {
        if left.and_then(|left| left.get_or_null(key)).is_none()
            && let Some(value) = child(key, None, Some(value))
        {
            merged.push(key, value);
        }
    }
    merged
}

/// The steps to the members of a list, and the members by them; none for a member that stands there twice.
type Index<'v> = (Vec<PathElement>, BTreeMap<PathElement, Option<&'v Value>>);

fn indexed<'v>(items: &'v [Value], list: &List<'_>) -> Index<'v> {
    let (mut order, mut values) = (Vec::with_capacity(items.len()), BTreeMap::new());
    for item in items {
        let Ok(element) = element_of(list, item) else {
            continue;
        };
        let known = values.insert(element.clone(), Some(item));
        if known.is_some() {
            values.insert(element.clone(), None);
        }
        order.push(element);
    }
    (order, values)
}

fn lists(left: &[Value], right: &[Value], list: &List<'_>) -> Vec<Value> {
    let (lefts, left_values) = indexed(left, list);
    let (rights, right_values) = indexed(right, list);
    let mut shared = rights
        .iter()
        .filter(|element| left_values.contains_key(*element));
    let mut next_shared = shared.next();
    let mut merged = Vec::with_capacity(left.len().max(right.len()));
    let mut done = BTreeSet::new();
    let null = Value::Null;
    let both = |element: &PathElement| {
        let left = left_values.get(element).map(|value| value.unwrap_or(&null));
        let right = right_values.get(element).copied().flatten();
        places(left, right, list.element)
    };
    let (mut l, mut r) = (0, 0);
    loop {
        match (lefts.get(l), rights.get(r)) {
            (None, None) => return merged,
            (Some(left), Some(right)) if left == right => {
                done.insert(left);
                merged.extend(both(left));
                l += 1;
                r += 1;
                next_shared = shared.next();
                continue;
            }
            (Some(element), Some(_))
                if right_values.contains_key(element)
                    && next_shared.is_some_and(|next| next != element) =>
            {
                // Shared, but not the one whose turn it is.
                l += 1;
                continue;
            }
            _ => {}
        }
        if let Some(element) = lefts.get(l) {
            if !right_values.contains_key(element) {
                merged.extend(places(left.get(l), None, list.element));
                l += 1;
                continue;
            }
            if done.contains(element) {
                l += 1;
            }
        }
        if let Some(element) = rights.get(r) {
            done.insert(element);
            merged.extend(both(element));
            r += 1;
            if next_shared == Some(element) {
                next_shared = shared.next();
            }
        }
    }
}
