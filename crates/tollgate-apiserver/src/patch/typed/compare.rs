//! How two objects differ.

use super::members::is_empty_map;
use super::node::{Child, Node};
use super::types::{Atom, List, Map, Type};
use super::validate::element_of;
use crate::patch::field_set::{Path, PathElement, Set};
use std::collections::BTreeMap;
use tollgate_api::{Quantity, Value};
use tollgate_objects::schema::ListType;

/// The fields in which two objects differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Those that only the first has.
    pub(crate) removed: Set,
    /// Those that both have with different values.
    pub(crate) modified: Set,
    /// Those that only the second has.
    pub(crate) added: Set,
}

/// How the second object differs from the first.
pub(crate) fn compare(left: Node<'_>, right: Node<'_>, of: Type<'_>) -> Comparison {
    let mut walk = Walk {
        path: Path::new(),
        found: Comparison::default(),
    };
    walk.places(Some(left), Some(right), of);
    walk.found
}

/// Whether both sides are the same sort of thing.
fn is_same_sort(a: &Atom<'_>, b: &Atom<'_>) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

struct Walk {
    path: Path,
    found: Comparison,
}

impl Walk {
    fn places(&mut self, left: Option<Node<'_>>, right: Option<Node<'_>>, of: Type<'_>) {
        if let (Some(Node::Value(left)), Some(Node::Value(right))) = (left, right)
            && left == right
        {
            return;
        }
        if let (Some(Node::Value(left)), Some(Node::Value(right)), true) =
            (left, right, of.is_quantity())
            && let (Ok(left), Ok(right)) = (Quantity::from_value(left), Quantity::from_value(right))
            && left.to_string() == right.to_string()
        {
            return;
        }
        let (left, right) = match (left, right) {
            (Some(left), Some(right)) => (left, right),
            (Some(node), None) => {
                self.found.removed.insert(&self.path);
                self.found
                    .removed
                    .insert_below(&self.path, all_of(node, of));
                return;
            }
            (None, Some(node)) => {
                self.found.added.insert(&self.path);
                self.found.added.insert_below(&self.path, all_of(node, of));
                return;
            }
            (None, None) => return,
        };
        if let (Some(a), Some(b)) = (of.atom(Some(left)), of.atom(Some(right))) {
            if !is_same_sort(&a, &b) {
                self.atom(left, right, &a);
            }
            self.atom(left, right, &b);
        }
    }

    /// Compares as what both are, or one.
    fn atom(&mut self, left: Node<'_>, right: Node<'_>, atom: &Atom<'_>) {
        match atom {
            Atom::Scalar(_) => self.leaf(left, right, None),
            Atom::List(list) => {
                let is_empty = |node: Node<'_>| node.items().unwrap_or_default().is_empty();
                if list.relation == ListType::Atomic || (is_empty(left) && is_empty(right)) {
                    self.leaf(left, right, None);
                } else {
                    self.list(left, right, list);
                }
            }
            Atom::Map(map) => {
                let (lefts, rights) = (left.entries(map), right.entries(map));
                if map.is_atomic || (lefts.is_empty() && rights.is_empty()) {
                    self.leaf(left, right, Some(map));
                } else {
                    self.map((left, &lefts), (right, &rights), map);
                }
            }
        }
    }

    fn leaf(&mut self, left: Node<'_>, right: Node<'_>, map: Option<&Map<'_>>) {
        if !is_same(left, right, map) {
            self.found.modified.insert(&self.path);
        }
    }

    fn child(
        &mut self,
        element: PathElement,
        left: Option<Node<'_>>,
        right: Option<Node<'_>>,
        of: Option<Type<'_>>,
    ) {
        self.path.push(element);
        self.places(left, right, of.unwrap_or(Type::Untyped));
        self.path.pop();
    }

    fn map(
        &mut self,
        (left, lefts): (Node<'_>, &[Child<'_, '_>]),
        (right, rights): (Node<'_>, &[Child<'_, '_>]),
        map: &Map<'_>,
    ) {
        for child in lefts {
            let other = right.get(map, child.key);
            self.child(
                PathElement::field(child.key),
                Some(child.node),
                other,
                child.of,
            );
        }
        for child in rights {
            if left.get(map, child.key).is_none() {
                self.child(
                    PathElement::field(child.key),
                    None,
                    Some(child.node),
                    child.of,
                );
            }
        }
    }

    fn list(&mut self, left: Node<'_>, right: Node<'_>, list: &List<'_>) {
        let mut both: BTreeMap<PathElement, [Vec<&Value>; 2]> = BTreeMap::new();
        for item in left.items().unwrap_or_default() {
            if let Ok(element) = element_of(list, item) {
                both.entry(element).or_default()[0].push(item);
            }
        }
        for item in right.items().unwrap_or_default() {
            if let Ok(element) = element_of(list, item) {
                both.entry(element).or_default()[1].push(item);
            }
        }
        for (element, [lefts, rights]) in both {
            let (left, right) = (
                lefts.first().copied().map(Node::of),
                rights.first().copied().map(Node::of),
            );
            // Members that stand there twice count as one leaf.
            match (lefts.len() > 1, rights.len() > 1) {
                (false, false) => self.child(element, left, right, Some(list.element)),
                (true, true) => {
                    if lefts != rights {
                        self.path.push(element);
                        self.found.modified.insert(&self.path);
                        self.path.pop();
                    }
                }
                (true, false) => {
                    if right.is_some() {
                        self.child(element.clone(), None, right, Some(list.element));
                    }
                    self.path.push(element);
                    self.found.removed.insert(&self.path);
                    self.path.pop();
                }
                (false, true) => {
                    if left.is_some() {
                        self.child(element.clone(), left, None, Some(list.element));
                    }
                    self.path.push(element);
                    self.found.added.insert(&self.path);
                    self.path.pop();
                }
            }
        }
    }
}

/// Everything below a place that only one object has: leaves, and what holds them.
fn all_of(node: Node<'_>, of: Type<'_>) -> Set {
    let mut places: Vec<(PathElement, Set)> = match of.atom(Some(node)) {
        Some(Atom::Map(map)) if !map.is_atomic => {
            let children = node.entries(&map).into_iter();
            let place = |child: Child<'_, '_>| {
                let below = all_of(child.node, child.of.unwrap_or(Type::Untyped));
                (PathElement::field(child.key), below)
            };
            children.map(place).collect()
        }
        Some(Atom::List(list)) if list.relation != ListType::Atomic => {
            let items = node.items().unwrap_or_default().iter();
            let place = |item| {
                let element = element_of(&list, item).ok()?;
                Some((element, all_of(Node::of(item), list.element)))
            };
            items.filter_map(place).collect()
        }
        _ => return Set::default(),
    };
    places.sort_by(|(a, _), (b, _)| a.cmp(b));
    places.dedup_by(|(next, _), (kept, below)| {
        let is_twice = next == kept;
        if is_twice {
            // Members that stand there twice count as one leaf.
            *below = Set::default();
        }
        is_twice
    });
    Set::of_places(places)
}

/// Whether two leaves are equal; structs are equal if their fields are.
fn is_same(left: Node<'_>, right: Node<'_>, map: Option<&Map<'_>>) -> bool {
    match (left, right) {
        (Node::Null, right) => right.is_null(),
        (left, Node::Null) => left.is_null(),
        (Node::Value(left), Node::Value(right)) if left == right => true,
        (left, right) => {
            let Some(map) = map.filter(|_| left.is_map() && right.is_map()) else {
                return false;
            };
            let (lefts, rights) = (left.entries(map), right.entries(map));
            lefts.len() == rights.len()
                && lefts.iter().all(|child| {
                    let (left, of) = (child.node, child.of.unwrap_or(Type::Untyped));
                    right.get(map, child.key).is_some_and(|right| {
                        let inner = match of.atom(Some(left)) {
                            Some(Atom::Map(map)) => Some(map),
                            _ => None,
                        };
                        is_same(left, right, inner.as_ref())
                            || (left.is_map()
                                && right.is_map()
                                && is_empty_map(left, of)
                                && is_empty_map(right, of))
                    })
                })
        }
    }
}
