//! How two objects differ.

use super::members::is_empty_map;
use super::node::Node;
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
        let is_leaf = match (left, of.atom(left), right, of.atom(right)) {
            (_, Some(atom), None, _) | (None, _, _, Some(atom)) => self.atom(left, right, &atom),
            (_, Some(a), _, Some(b)) if is_same_sort(&a, &b) => self.atom(left, right, &b),
            (_, Some(a), _, Some(b)) => {
                self.atom(left, right, &a);
                self.atom(left, right, &b)
            }
            _ => false,
        };
        if !is_leaf {
            match (left, right) {
                (None, _) => self.found.added.insert(&self.path),
                (_, None) => self.found.removed.insert(&self.path),
                _ => {}
            }
        }
    }

    /// Compares as what both are, or one; whether that is a leaf.
    fn atom(&mut self, left: Option<Node<'_>>, right: Option<Node<'_>>, atom: &Atom<'_>) -> bool {
        match atom {
            Atom::Scalar(_) => self.leaf(left, right, None),
            Atom::List(list) => {
                let items = |node: Option<Node<'_>>| {
                    node.and_then(Node::items).unwrap_or_default().is_empty()
                };
                if list.relation == ListType::Atomic || (items(left) && items(right)) {
                    return self.leaf(left, right, None);
                }
                self.list(left, right, list);
                false
            }
            Atom::Map(map) => {
                let lefts = left.map(|node| node.entries(map)).unwrap_or_default();
                let rights = right.map(|node| node.entries(map)).unwrap_or_default();
                if map.is_atomic || (lefts.is_empty() && rights.is_empty()) {
                    return self.leaf(left, right, Some(map));
                }
                self.map(left, &lefts, right, &rights, map);
                false
            }
        }
    }

    fn leaf(
        &mut self,
        left: Option<Node<'_>>,
        right: Option<Node<'_>>,
        map: Option<&Map<'_>>,
    ) -> bool {
        match (left, right) {
            (None, _) => self.found.added.insert(&self.path),
            (_, None) => self.found.removed.insert(&self.path),
            (Some(left), Some(right)) => {
                if !is_same(left, right, map) {
                    self.found.modified.insert(&self.path);
                }
            }
        }
        true
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
        left: Option<Node<'_>>,
        lefts: &[(&str, Node<'_>)],
        right: Option<Node<'_>>,
        rights: &[(&str, Node<'_>)],
        map: &Map<'_>,
    ) {
        for (key, node) in lefts {
            let other = right.and_then(|right| right.get(map, key));
            self.child(PathElement::field(key), Some(*node), other, map.at(key));
        }
        for (key, node) in rights {
            if left.and_then(|left| left.get(map, key)).is_none() {
                self.child(PathElement::field(key), None, Some(*node), map.at(key));
            }
        }
    }

    fn list(&mut self, left: Option<Node<'_>>, right: Option<Node<'_>>, list: &List<'_>) {
        let mut both: BTreeMap<PathElement, [Vec<&Value>; 2]> = BTreeMap::new();
        for item in left.and_then(Node::items).unwrap_or_default() {
            if let Ok(element) = element_of(list, item) {
                both.entry(element).or_default()[0].push(item);
            }
        }
        for item in right.and_then(Node::items).unwrap_or_default() {
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
                && lefts.iter().all(|(key, left)| {
                    let of = map.at(key).unwrap_or(Type::Untyped);
                    right.get(map, key).is_some_and(|right| {
                        let inner = match of.atom(Some(*left)) {
                            Some(Atom::Map(map)) => Some(map),
                            _ => None,
                        };
                        is_same(*left, right, inner.as_ref())
                            || (is_empty_map(*left, of)
                                && is_empty_map(right, of)
                                && left.is_map()
                                && right.is_map())
                    })
                })
        }
    }
}
