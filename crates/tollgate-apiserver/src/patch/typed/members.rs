//! Which fields an object has.

use super::node::Node;
use super::types::{Atom, List, Map, Type};
use super::validate::element_of;
use crate::patch::field_set::{PathElement, Set};
use std::collections::BTreeSet;
use tollgate_api::Value;
use tollgate_objects::schema::ListType;

/// Every leaf and every member of a list that `value` has.
pub(crate) fn members(value: &Value, of: Type<'_>) -> Set {
    set_of(Node::of(value), of).0
}

/// What stands below a place, and whether the place itself is a leaf.
fn set_of(node: Node<'_>, of: Type<'_>) -> (Set, bool) {
    match of.atom(Some(node)) {
        Some(Atom::Scalar(_)) => (Set::default(), true),
        Some(Atom::List(list)) if list.relation == ListType::Atomic => (Set::default(), true),
        Some(Atom::Map(map)) if map.is_atomic => (Set::default(), true),
        Some(Atom::List(list)) => (of_list(node.items().unwrap_or_default(), &list), false),
        Some(Atom::Map(map)) => (of_map(node, &map), false),
        None => (Set::default(), false),
    }
}

fn of_list(items: &[Value], list: &List<'_>) -> Set {
    let mut set = Set::default();
    let elements: Vec<Option<PathElement>> = items
        .iter()
        .map(|item| element_of(list, item).ok())
        .collect();
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for element in elements.iter().flatten() {
        if !seen.insert(element) {
            twice.insert(element);
        }
    }
    for (item, element) in items.iter().zip(&elements) {
        let Some(element) = element else {
            continue;
        };
        // Of members that stand here twice, nothing below is managed.
        if !twice.contains(element) {
            let (below, _) = set_of(Node::of(item), list.element);
            set.insert_child(element.clone(), below);
        }
        set.insert_member(element.clone());
    }
    set
}

fn of_map(node: Node<'_>, map: &Map<'_>) -> Set {
    let mut set = Set::default();
    for entry in node.entries(map) {
        let element = PathElement::field(entry.key);
        let (child, is_declared) = (entry.node, entry.is_declared);
        let Some(of) = entry.of else {
            set.insert_member(element);
            continue;
        };
        let (below, is_leaf) = set_of(child, of);
        let is_empty = child.is_null() || (child.is_map() && is_empty_map(child, of));
        if is_leaf || is_empty || !is_declared {
            set.insert_member(element.clone());
        }
        set.insert_child(element, below);
    }
    set
}

pub(super) fn is_empty_map(node: Node<'_>, of: Type<'_>) -> bool {
    match of.atom(Some(node)) {
        Some(Atom::Map(map)) => node.entries(&map).is_empty(),
        _ => matches!(node, Node::Value(Value::Object(object)) if object.is_empty()),
    }
}

/// The set and the declared fields on the way to its members, which are not members by themselves.
pub(crate) fn with_named_fields(set: &Set, of: Option<Type<'_>>) -> Set {
    let atoms = of.map(Type::atoms);
    let map = atoms.as_ref().and_then(|atoms| atoms.map);
    let list = atoms.as_ref().and_then(|atoms| atoms.list);
    let mut all = Set::default();
    for element in set.members() {
        all.insert_member(element.clone());
    }
    for (element, below) in set.children() {
        let of = match element {
            PathElement::Field(name) => {
                let field = map.and_then(|map| map.field(name));
                if field.is_some() {
                    all.insert_member(element.clone());
                }
                field.or_else(|| map.and_then(|map| map.element()))
            }
            PathElement::Key(_) => list.map(|list| list.element),
            PathElement::Value(_) | PathElement::Index(_) => None,
        };
        all.insert_child(element.clone(), with_named_fields(below, of));
    }
    all
}
