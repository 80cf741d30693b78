//! Which parts of a configuration would replace something as a whole.

use super::node::Node;
use super::types::{Atom, Type};
use super::validate::element_of;
use tollgate_api::{Object, Value};
use tollgate_objects::schema::ListType;

/// The places of all lists, maps and structs in a value that merge as one.
pub(crate) fn atomics(value: &Value, of: Type<'_>) -> Vec<String> {
    let mut found = Vec::new();
    walk(value, of, "", &mut found);
    found
}

fn walk(value: &Value, of: Type<'_>, path: &str, found: &mut Vec<String>) {
    match of.atom(Some(Node::of(value))) {
        None | Some(Atom::Scalar(_)) => {}
        Some(Atom::List(list)) => {
            let Some(items) = value.as_array() else {
                return;
            };
            if list.relation == ListType::Atomic {
                found.push(path.to_owned());
                return;
            }
            for item in items {
                if let Ok(element) = element_of(&list, item) {
                    let path = format!("{path}{element}");
                    walk(item, list.element, &path, found);
                }
            }
        }
        Some(Atom::Map(map)) => {
            let Some(object) = value.as_object() else {
                return;
            };
            if map.is_atomic {
                found.push(path.to_owned());
                return;
            }
            for (key, child) in Object::iter(object) {
                let of = map.at(key).unwrap_or(Type::Untyped);
                walk(child, of, &format!("{path}.{key}"), found);
            }
        }
    }
}
