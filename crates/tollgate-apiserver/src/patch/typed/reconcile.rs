//! Field sets that were written when the schema was another one.

use super::types::{MapSort, Type};
use crate::patch::field_set::{Path, PathElement, Set};
use tollgate_objects::schema::ListType;

/// The set as it would have been written today: where what was granular became atomic, its owner has it as a whole.
/// None if nothing changes.
pub(crate) fn reconcile(set: &Set, of: Type<'_>) -> Option<Set> {
    let mut whole = Vec::new();
    walk(Some(set), of, false, &mut Vec::new(), &mut whole);
    if whole.is_empty() {
        return None;
    }
    let whole = Set::of(whole.iter().map(Vec::as_slice));
    Some(set.recursive_difference(&whole).union(&whole))
}

fn walk<'p>(
    set: Option<&'p Set>,
    of: Type<'_>,
    is_whole: bool,
    path: &mut Vec<&'p PathElement>,
    whole: &mut Vec<Path>,
) {
    let atoms = of.atoms();
    if let Some(map) = atoms.map {
        if matches!(map.sort, MapSort::Of(Type::Deduced)) {
            return;
        }
        if map.is_atomic {
            if !is_whole && set.is_some_and(|set| !set.is_empty()) {
                whole.push(path.iter().copied().cloned().collect());
            }
            return;
        }
        each_child(set, path, whole, |element| match element {
            PathElement::Field(name) => map.at(name),
            _ => map.element(),
        });
    } else if let (None, Some(list)) = (atoms.scalar, atoms.list) {
        if list.relation == ListType::Atomic {
            if !is_whole {
                whole.push(path.iter().copied().cloned().collect());
            }
            return;
        }
        each_child(set, path, whole, |_| Some(list.element));
    }
}

fn each_child<'s, 'p>(
    set: Option<&'p Set>,
    path: &mut Vec<&'p PathElement>,
    whole: &mut Vec<Path>,
    type_at: impl Fn(&PathElement) -> Option<Type<'s>>,
) {
    let Some(set) = set else {
        return;
    };
    let below = set
        .children()
        .iter()
        .map(|(element, below)| (element, Some(below)));
    let leaves = set
        .members()
        .iter()
        .filter(|element| set.below(element).is_none());
    for (element, below) in below.chain(leaves.map(|element| (element, None))) {
        if let Some(of) = type_at(element) {
            path.push(element);
            walk(below, of, below.is_none(), path, whole);
            path.pop();
        }
    }
}
