//! Sets of paths.

use super::PathElement;
use std::cmp::Ordering;

/// A path from the root of an object.
pub type Path = Vec<PathElement>;

/// A set of paths, kept as a tree.
///
/// A path can be a member, have members below it, or both: a list's member that is managed together with its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set {
    /// Sorted.
    pub(super) members: Vec<PathElement>,
    /// Sorted; none is empty.
    pub(super) children: Vec<(PathElement, Set)>,
}

impl Set {
    /// The set of these paths.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p [PathElement]>) -> Self {
        let mut set = Self::default();
        paths.into_iter().for_each(|path| set.insert(path));
        set
    }

    /// The set of these members and what stands below each; they are sorted, and none comes twice.
    pub(crate) fn of_places(places: Vec<(PathElement, Self)>) -> Self {
        let (mut members, mut children) = (Vec::with_capacity(places.len()), Vec::new());
        for (element, below) in places {
            if below.is_empty() {
                members.push(element);
            } else {
                members.push(element.clone());
                children.push((element, below));
            }
        }
        Self { members, children }
    }

    /// Adds a path, but for the empty one: nobody manages a whole object.
    pub fn insert(&mut self, path: &[PathElement]) {
        let Some((last, parents)) = path.split_last() else {
            return;
        };
        let mut set = self;
        for parent in parents {
            set = set.descend(parent);
        }
        set.insert_member(last.clone());
    }

    /// Adds what stands below a path.
    pub(crate) fn insert_below(&mut self, path: &[PathElement], below: Set) {
        if below.is_empty() {
            return;
        }
        let mut set = self;
        for element in path {
            set = set.descend(element);
        }
        set.absorb(below);
    }

    /// Adds what is in another set.
    pub(crate) fn absorb(&mut self, other: Set) {
        if self.members.is_empty() && self.children.is_empty() {
            *self = other;
            return;
        }
        other
            .members
            .into_iter()
            .for_each(|element| self.insert_member(element));
        for (element, below) in other.children {
            self.insert_child(element, below);
        }
    }

    /// Takes out what is in another set; if so said, what stands below its members, too.
    pub(crate) fn take_out(&mut self, other: &Set, recursive: bool) {
        self.members.retain(|element| !other.has_member(element));
        self.children.retain_mut(|(element, below)| {
            if recursive && other.has_member(element) {
                return false;
            }
            if let Some(other) = other.below(element) {
                below.take_out(other, recursive);
            }
            !below.is_empty()
        });
    }

    /// Adds a member of the root.
    pub(crate) fn insert_member(&mut self, element: PathElement) {
        if self.members.last().is_none_or(|last| *last < element) {
            self.members.push(element);
        } else if let Err(place) = self.members.binary_search(&element) {
            self.members.insert(place, element);
        }
    }

    /// Adds what stands below a member of the root.
    pub(crate) fn insert_child(&mut self, element: PathElement, below: Set) {
        if below.is_empty() {
            return;
        }
        match self
            .children
            .binary_search_by(|(child, _)| child.cmp(&element))
        {
            Ok(place) => {
                if let Some((_, child)) = self.children.get_mut(place) {
                    child.absorb(below);
                }
            }
            Err(place) => self.children.insert(place, (element, below)),
        }
    }

    fn descend(&mut self, element: &PathElement) -> &mut Set {
        let place = match self
            .children
            .binary_search_by(|(child, _)| child.cmp(element))
        {
            Ok(place) => place,
            Err(place) => {
                self.children
                    .insert(place, (element.clone(), Self::default()));
                place
            }
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "the place was found or made just above"
        )]
        &mut self.children[place].1
    }

    /// Whether the path is a member.
    pub fn has(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [last] => self.has_member(last),
            [first, rest @ ..] => self.below(first).is_some_and(|below| below.has(rest)),
        }
    }

    /// Whether that is a member of the root.
    pub(crate) fn has_member(&self, element: &PathElement) -> bool {
        self.members.binary_search(element).is_ok()
    }

    /// What stands below that.
    pub(crate) fn below(&self, element: &PathElement) -> Option<&Set> {
        let place = self
            .children
            .binary_search_by(|(child, _)| child.cmp(element));
        self.children.get(place.ok()?).map(|(_, below)| below)
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.iter().all(|(_, below)| below.is_empty())
    }

    /// The members of the root.
    pub(crate) fn members(&self) -> &[PathElement] {
        &self.members
    }

    /// What stands below the root.
    pub(crate) fn children(&self) -> &[(PathElement, Set)] {
        &self.children
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            members: merged(
                &self.members,
                &other.members,
                Clone::clone,
                |element| element,
                |a, _| Some(a.clone()),
            ),
            children: merged(
                &self.children,
                &other.children,
                Clone::clone,
                |child| &child.0,
                |a, b| Some((a.0.clone(), a.1.union(&b.1))),
            ),
        }
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut set = Self::default();
        for element in &self.members {
            if other.has_member(element) {
                set.members.push(element.clone());
            }
        }
        for (element, below) in &self.children {
            let both = other.below(element).map(|other| below.intersection(other));
            if let Some(both) = both.filter(|both| !both.is_empty()) {
                set.children.push((element.clone(), both));
            }
        }
        set
    }

    /// What is in this and not in the other; a path that is taken away does not take what stands below it.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.without(other, false)
    }

    /// What is in this and neither in the other nor below a member of the other.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        self.without(other, true)
    }

    fn without(&self, other: &Self, recursive: bool) -> Self {
        let mut set = self.clone();
        set.take_out(other, recursive);
        set
    }

    /// All members, each before what stands below it.
    pub fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        self.collect(&mut Path::new(), &mut paths);
        paths
    }

    fn collect(&self, prefix: &mut Path, paths: &mut Vec<Path>) {
        for element in &self.members {
            let mut path = prefix.clone();
            path.push(element.clone());
            paths.push(path);
        }
        for (element, below) in &self.children {
            prefix.push(element.clone());
            below.collect(prefix, paths);
            prefix.pop();
        }
    }
}

/// Two sorted lists as one; what stands in both is joined.
fn merged<'i, T>(
    a: &'i [T],
    b: &'i [T],
    copy: impl Fn(&T) -> T,
    element: impl Fn(&T) -> &PathElement,
    join: impl Fn(&T, &T) -> Option<T>,
) -> Vec<T> {
    let mut all = Vec::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return all,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => element(a).cmp(element(b)),
        };
        match order {
            Ordering::Less => all.extend(a.next().map(&copy)),
            Ordering::Greater => all.extend(b.next().map(&copy)),
            Ordering::Equal => {
                if let (Some(a), Some(b)) = (a.next(), b.next()) {
                    all.extend(join(a, b));
                }
            }
        }
    }
}
