//! Who owns whom: every object by its unique id, kept up with each change.

use crate::driver::{Cached, Owner};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tollgate_api::client::GroupVersionResource;
use tollgate_api::value::CompactString;

/// The finalizer of an object whose dependents are to lose it as an owner before it goes.
pub(super) const ORPHAN: &str = "orphan";
/// The finalizer of an object that goes after its dependents.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// How many owners that have gone are remembered.
const GONE_MAX: usize = 4096;

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) resource: GroupVersionResource,
    pub(super) namespace: CompactString,
    pub(super) name: CompactString,
    pub(super) owners: Vec<Owner>,
    /// Whether it is being deleted.
    pub(super) is_ending: bool,
    /// Whether it is being deleted and waits for its dependents to go.
    pub(super) waits: bool,
    /// Whether it is being deleted and its dependents are to stay.
    pub(super) orphans: bool,
}

impl Node {
    fn of(resource: &GroupVersionResource, object: &Cached) -> Self {
        let meta = &object.meta;
        let is_ending = meta.deleted.is_some();
        Self {
            resource: resource.clone(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            owners: meta.owners.clone(),
            is_ending,
            waits: is_ending && meta.has_finalizer(FOREGROUND),
            orphans: is_ending && meta.has_finalizer(ORPHAN),
        }
    }

    fn owner(&self, uid: &str) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.uid == uid)
    }

    /// Whether its owner of that id must not go before it.
    fn blocks(&self, uid: &str) -> bool {
        self.owner(uid)
            .is_some_and(|owner| owner.block_owner_deletion)
    }

    /// Whether it is what a reference in `namespace` means.
    pub(super) fn is_meant_by(&self, owner: &Owner, namespace: &str) -> bool {
        let group = group_of(&owner.api_version);
        self.name == owner.name
            && self.resource.group == group
            && (self.namespace.is_empty() || self.namespace == namespace)
    }
}

/// The group in an `apiVersion`.
pub(super) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// What is to be looked at, by unique id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    /// Whether it is to be deleted, or has waited long enough for its dependents.
    Delete(CompactString),
    /// Its dependents are to lose it.
    Orphan(CompactString),
}

/// All objects.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: BTreeMap<CompactString, Node>,
    /// By the unique id of the owner, whether it is known or not.
    dependents: BTreeMap<CompactString, BTreeSet<CompactString>>,
    gone: BTreeSet<CompactString>,
    gone_in_order: VecDeque<CompactString>,
}

impl Graph {
    /// An object.
    pub(super) fn node(&self, uid: &str) -> Option<&Node> {
        self.nodes.get(uid)
    }

    /// Whether an object of that id has been there and is gone.
    pub(super) fn is_gone(&self, uid: &str) -> bool {
        self.gone.contains(uid)
    }

    /// The objects that refer to an owner, with their ids.
    pub(super) fn dependents(&self, uid: &str) -> impl Iterator<Item = (&CompactString, &Node)> {
        let ids = self.dependents.get(uid).into_iter().flatten();
        ids.filter_map(|id| Some((id, self.nodes.get(id)?)))
    }

    /// Whether a dependent holds an owner that waits.
    pub(super) fn is_blocked(&self, uid: &str) -> bool {
        self.dependents(uid).any(|(_, node)| node.blocks(uid))
    }

    fn waits(&self, uid: &str) -> bool {
        self.nodes.get(uid).is_some_and(|node| node.waits)
    }

    /// Whether a reference may be one to nobody, or to an owner that waits for its dependents.
    fn is_doubtful(&self, owner: &Owner, namespace: &str) -> bool {
        self.nodes
            .get(&owner.uid)
            .is_none_or(|known| known.waits || !known.is_meant_by(owner, namespace))
    }

    /// Takes an object in.
    pub(super) fn put(&mut self, resource: &GroupVersionResource, object: &Cached) -> Vec<Work> {
        let uid = &object.meta.uid;
        let node = Node::of(resource, object);
        let old = self.nodes.insert(uid.clone(), node.clone());
        let mut works = Vec::new();
        let old_owners = old.as_ref().map_or(&[][..], |old| &old.owners);
        for owner in old_owners {
            if node.owner(&owner.uid).is_none() {
                self.forget_dependent(&owner.uid, uid);
            }
            if owner.block_owner_deletion && !node.blocks(&owner.uid) && self.waits(&owner.uid) {
                works.push(Work::Delete(owner.uid.clone()));
            }
        }
        for owner in &node.owners {
            let dependents = self.dependents.entry(owner.uid.clone()).or_default();
            dependents.insert(uid.clone());
        }
        let has_new_owners = old_owners != node.owners.as_slice();
        if has_new_owners
            && !node.is_ending
            && node
                .owners
                .iter()
                .any(|owner| self.is_doubtful(owner, &node.namespace))
        {
            works.push(Work::Delete(uid.clone()));
        }
        if node.orphans && !old.as_ref().is_some_and(|old| old.orphans) {
            works.push(Work::Orphan(uid.clone()));
        }
        if node.waits && !old.as_ref().is_some_and(|old| old.waits) {
            works.push(Work::Delete(uid.clone()));
            works.extend(self.dependents(uid).map(|(id, _)| Work::Delete(id.clone())));
        }
        works
    }

    /// Takes an object out. `is_certain` says that it is gone, and not only told of no more.
    pub(super) fn remove(&mut self, uid: &str, is_certain: bool) -> Vec<Work> {
        let Some(node) = self.nodes.remove(uid) else {
            return Vec::new();
        };
        let mut works = Vec::new();
        for owner in &node.owners {
            self.forget_dependent(&owner.uid, uid);
            if self.waits(&owner.uid) {
                works.push(Work::Delete(owner.uid.clone()));
            }
        }
        works.extend(self.dependents(uid).map(|(id, _)| Work::Delete(id.clone())));
        if is_certain && self.dependents.contains_key(uid) && self.gone.insert(uid.into()) {
            self.gone_in_order.push_back(uid.into());
            if self.gone_in_order.len() > GONE_MAX
                && let Some(oldest) = self.gone_in_order.pop_front()
            {
                self.gone.remove(&oldest);
            }
        }
        works
    }

    fn forget_dependent(&mut self, owner: &str, uid: &str) {
        if let Some(dependents) = self.dependents.get_mut(owner) {
            dependents.remove(uid);
            if dependents.is_empty() {
                self.dependents.remove(owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::CONFIG_MAPS;
    use tollgate_api::client::Stored;

    /// A ConfigMap with the id `uid`; `metadata` is added to its metadata.
    fn object(uid: &str, metadata: &str) -> Cached {
        let json =
            format!(r#"{{"metadata":{{"name":"{uid}","namespace":"n","uid":"{uid}"{metadata}}}}}"#);
        let stored = Stored {
            json: json.into_bytes().into(),
            revision: 1,
        };
        Cached::new(&stored, false).unwrap()
    }

    fn owned(uid: &str, owner: &str, blocks: bool) -> Cached {
        object(
            uid,
            &format!(
                r#","ownerReferences":[{{"apiVersion":"v1","kind":"ConfigMap","name":"{owner}","uid":"{owner}","blockOwnerDeletion":{blocks}}}]"#
            ),
        )
    }

    fn ending(uid: &str, finalizer: &str) -> Cached {
        let metadata =
            format!(r#","deletionTimestamp":"2026-01-15T12:00:00Z","finalizers":["{finalizer}"]"#);
        object(uid, &metadata)
    }

    fn delete(uid: &str) -> Work {
        Work::Delete(uid.into())
    }

    #[test]
    fn an_object_is_looked_at_if_its_owner_is_not_known_or_goes() {
        let mut graph = Graph::default();
        assert_eq!(
            graph.put(&CONFIG_MAPS, &owned("kid", "owner", false)),
            [delete("kid")]
        );
        assert!(graph.put(&CONFIG_MAPS, &object("owner", "")).is_empty());
        assert!(
            graph
                .put(&CONFIG_MAPS, &owned("other", "owner", false))
                .is_empty()
        );
        assert_eq!(
            graph.remove("owner", true),
            [delete("kid"), delete("other")]
        );
        assert!(graph.is_gone("owner"));
        assert!(graph.remove("kid", true).is_empty());
        assert!(!graph.is_gone("kid"), "nobody asks");
    }

    #[test]
    fn an_owner_of_another_name_or_namespace_is_doubtful() {
        let mut graph = Graph::default();
        graph.put(&CONFIG_MAPS, &object("owner", ""));
        let mut kid = owned("kid", "owner", false);
        kid.meta.owners[0].name = "another".into();
        assert_eq!(graph.put(&CONFIG_MAPS, &kid), [delete("kid")]);
        let mut kid = owned("foreigner", "owner", false);
        kid.meta.namespace = "m".into();
        assert_eq!(graph.put(&CONFIG_MAPS, &kid), [delete("foreigner")]);
    }

    #[test]
    fn an_owner_that_waits_is_looked_at_when_a_dependent_goes_or_lets_it_go() {
        let mut graph = Graph::default();
        graph.put(&CONFIG_MAPS, &object("owner", ""));
        graph.put(&CONFIG_MAPS, &owned("a", "owner", true));
        graph.put(&CONFIG_MAPS, &owned("b", "owner", true));
        let works = graph.put(&CONFIG_MAPS, &ending("owner", FOREGROUND));
        assert_eq!(works, [delete("owner"), delete("a"), delete("b")]);
        assert!(graph.is_blocked("owner"));
        assert_eq!(graph.put(&CONFIG_MAPS, &object("a", "")), [delete("owner")]);
        assert!(graph.is_blocked("owner"));
        assert_eq!(graph.remove("b", true), [delete("owner")]);
        assert!(!graph.is_blocked("owner"));
        let late = graph.put(&CONFIG_MAPS, &owned("late", "owner", false));
        assert_eq!(late, [delete("late")]);
        assert!(!graph.is_blocked("owner"));
    }

    #[test]
    fn an_owner_that_leaves_its_dependents_is_looked_at_once() {
        let mut graph = Graph::default();
        let works = graph.put(&CONFIG_MAPS, &ending("owner", ORPHAN));
        assert_eq!(works, [Work::Orphan("owner".into())]);
        assert!(graph.put(&CONFIG_MAPS, &ending("owner", ORPHAN)).is_empty());
    }
}
