//! Takes fields out of an object.

use super::node::Node;
use super::types::{Atom, List, Map, Type};
use super::validate::element_of;
use crate::patch::field_set::{PathElement, Set};
use tollgate_api::{Object, Value};
use tollgate_objects::schema::ListType;

/// The object without the members of `fields`; a container that is emptied that way stays, empty.
pub(crate) fn remove(value: &Value, fields: &Set, of: Type<'_>) -> Value {
    if fields.is_empty() {
        return value.clone();
    }
    remaining(value, fields, Some(of)).unwrap_or_default()
}

/// None where nothing is left.
fn remaining(value: &Value, fields: &Set, of: Option<Type<'_>>) -> Option<Value> {
    match of?.atom(Some(Node::of(value)))? {
        Atom::Scalar(_) => Some(value.clone()),
        Atom::List(list) if list.relation == ListType::Atomic => None,
        Atom::Map(map) if map.is_atomic => None,
        Atom::List(list) => of_list(value.as_array()?, fields, &list),
        Atom::Map(map) => of_map(value.as_object()?, fields, &map),
    }
}

/// What is left of a child below which something goes.
fn child(value: &Value, fields: &Set, of: Option<Type<'_>>) -> Value {
    match (remaining(value, fields, of), value) {
        (Some(left), _) if !left.is_null() => left,
        (_, Value::Object(_)) => Value::object(),
        (_, Value::Array(_)) => Value::Array(Vec::new()),
        _ => Value::Null,
    }
}

fn of_list(items: &[Value], fields: &Set, list: &List<'_>) -> Option<Value> {
    let (mut left, mut touched) = (Vec::with_capacity(items.len()), false);
    for item in items {
        let Ok(element) = element_of(list, item) else {
            left.push(item.clone());
            continue;
        };
        if fields.has_member(&element) {
            continue;
        }
        match fields.below(&element).filter(|below| !below.is_empty()) {
            Some(below) => {
                touched = true;
                left.push(child(item, below, Some(list.element)));
            }
            None => left.push(item.clone()),
        }
    }
    (touched || !left.is_empty()).then_some(Value::Array(left))
}

fn of_map(object: &Object, fields: &Set, map: &Map<'_>) -> Option<Value> {
    let (mut left, mut touched) = (Object::with_capacity(object.len()), false);
    for (key, value) in object.iter() {
        let element = PathElement::field(key);
        if fields.has_member(&element) {
            continue;
        }
        match fields.below(&element).filter(|below| !below.is_empty()) {
            Some(below) => {
                touched = true;
                left.push(key, child(value, below, map.at(key)));
            }
            None => left.push(key, value.clone()),
        }
    }
    (touched || !left.is_empty()).then_some(Value::Object(left))
}
