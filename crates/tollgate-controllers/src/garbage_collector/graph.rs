//! Who owns whom: every object by its unique id, kept up with each change.

use super::uid::Uid;
use crate::driver::{Meta, Owner};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use tollgate_api::client::GroupVersionResource;
use tollgate_api::value::CompactString;

/// The finalizer of an object whose dependents are to lose it as an owner before it goes.
pub(super) const ORPHAN: &str = "orphan";
/// The finalizer of an object that goes after its dependents.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// How many owners that have gone are remembered.
const GONE_MAX: usize = 4096;

/// An object: what the cache has of it, and no more.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) resource: Arc<GroupVersionResource>,
    pub(super) meta: Arc<Meta>,
}

impl Node {
    /// Whether it is being deleted.
    pub(super) fn is_ending(&self) -> bool {
        self.meta.deleted.is_some()
    }

    /// Whether it is being deleted and waits for its dependents to go.
    pub(super) fn waits(&self) -> bool {
        self.is_ending() && self.meta.has_finalizer(FOREGROUND)
    }

    /// Whether it is being deleted and its dependents are to stay.
    pub(super) fn orphans(&self) -> bool {
        self.is_ending() && self.meta.has_finalizer(ORPHAN)
    }

    fn owner(&self, uid: &str) -> Option<&Owner> {
        self.meta.owners.iter().find(|owner| owner.uid == uid)
    }

    /// Whether its owner of that id must not go before it.
    fn blocks(&self, uid: &str) -> bool {
        self.owner(uid)
            .is_some_and(|owner| owner.block_owner_deletion)
    }

    /// Whether it is what a reference in `namespace` means.
    pub(super) fn is_meant_by(&self, owner: &Owner, namespace: &str) -> bool {
        let group = group_of(&owner.api_version);
        self.meta.name == owner.name
            && self.resource.group == group
            && (self.meta.namespace.is_empty() || self.meta.namespace == namespace)
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
    nodes: BTreeMap<Uid, Node>,
    /// By the unique id of the owner, whether it is known or not.
    dependents: BTreeMap<Uid, BTreeSet<Uid>>,
    /// Each resource once, for all its nodes.
    resources: BTreeSet<Arc<GroupVersionResource>>,
    gone: BTreeSet<CompactString>,
    gone_in_order: VecDeque<CompactString>,
}

impl Graph {
    /// An object.
    pub(super) fn node(&self, uid: &str) -> Option<&Node> {
        self.nodes.get(&Uid::of(uid))
    }

    /// Whether an object of that id has been there and is gone.
    pub(super) fn is_gone(&self, uid: &str) -> bool {
        self.gone.contains(uid)
    }

    /// The objects that refer to an owner.
    pub(super) fn dependents(&self, uid: &str) -> impl Iterator<Item = &Node> {
        let ids = self.dependents.get(&Uid::of(uid)).into_iter().flatten();
        ids.filter_map(|id| self.nodes.get(id))
    }

    fn works_on_dependents(&self, uid: &str) -> impl Iterator<Item = Work> {
        let dependents = self.dependents(uid);
        dependents.map(|node| Work::Delete(node.meta.uid.clone()))
    }

    /// Whether a dependent holds an owner that waits.
    pub(super) fn is_blocked(&self, uid: &str) -> bool {
        self.dependents(uid).any(|node| node.blocks(uid))
    }

    fn waits(&self, uid: &str) -> bool {
        self.node(uid).is_some_and(Node::waits)
    }

    /// Whether a reference may be one to nobody, or to an owner that waits for its dependents.
    fn is_doubtful(&self, owner: &Owner, namespace: &str) -> bool {
        self.node(&owner.uid)
            .is_none_or(|known| known.waits() || !known.is_meant_by(owner, namespace))
    }

    /// Lets go of older metadata of an object whose ownership is as it was.
    pub(super) fn renew(&mut self, meta: &Arc<Meta>) {
        if let Some(node) = self.nodes.get_mut(&Uid::of(&meta.uid)) {
            node.meta = Arc::clone(meta);
        }
    }

    fn resource(&mut self, resource: &GroupVersionResource) -> Arc<GroupVersionResource> {
        if let Some(known) = self.resources.get(resource) {
            return Arc::clone(known);
        }
        let new = Arc::new(resource.clone());
        self.resources.insert(Arc::clone(&new));
        new
    }

    /// Takes an object in.
    pub(super) fn put(&mut self, resource: &GroupVersionResource, meta: &Arc<Meta>) -> Vec<Work> {
        let uid = &meta.uid;
        let node = Node {
            resource: self.resource(resource),
            meta: Arc::clone(meta),
        };
        let id = Uid::of(uid);
        let old = self.nodes.insert(id.clone(), node.clone());
        let mut works = Vec::new();
        let old_owners = old.as_ref().map_or(&[][..], |old| &old.meta.owners);
        for owner in old_owners {
            if node.owner(&owner.uid).is_none() {
                self.forget_dependent(&owner.uid, &id);
            }
            if owner.block_owner_deletion && !node.blocks(&owner.uid) && self.waits(&owner.uid) {
                works.push(Work::Delete(owner.uid.clone()));
            }
        }
        for owner in &*meta.owners {
            let dependents = self.dependents.entry(Uid::of(&owner.uid)).or_default();
            dependents.insert(id.clone());
        }
        let has_new_owners = old_owners != &*meta.owners;
        if has_new_owners
            && !node.is_ending()
            && meta
                .owners
                .iter()
                .any(|owner| self.is_doubtful(owner, &meta.namespace))
        {
            works.push(Work::Delete(uid.clone()));
        }
        if node.orphans() && !old.as_ref().is_some_and(Node::orphans) {
            works.push(Work::Orphan(uid.clone()));
        }
        if node.waits() && !old.as_ref().is_some_and(Node::waits) {
            works.push(Work::Delete(uid.clone()));
            works.extend(self.works_on_dependents(uid));
        }
        works
    }

    /// Takes an object out. `is_certain` says that it is gone, and not only told of no more.
    pub(super) fn remove(&mut self, uid: &str, is_certain: bool) -> Vec<Work> {
        let id = Uid::of(uid);
        let Some(node) = self.nodes.remove(&id) else {
            return Vec::new();
        };
        let mut works = Vec::new();
        for owner in &*node.meta.owners {
            self.forget_dependent(&owner.uid, &id);
            if self.waits(&owner.uid) {
                works.push(Work::Delete(owner.uid.clone()));
            }
        }
        works.extend(self.works_on_dependents(uid));
        if is_certain && self.dependents.contains_key(&id) && self.gone.insert(uid.into()) {
            self.gone_in_order.push_back(uid.into());
            if self.gone_in_order.len() > GONE_MAX
                && let Some(oldest) = self.gone_in_order.pop_front()
            {
                self.gone.remove(&oldest);
            }
        }
        works
    }

    fn forget_dependent(&mut self, owner: &str, id: &Uid) {
        let owner = Uid::of(owner);
        if let Some(dependents) = self.dependents.get_mut(&owner) {
            dependents.remove(id);
            if dependents.is_empty() {
                self.dependents.remove(&owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::Cached;
    use crate::resources::CONFIG_MAPS;
    use tollgate_api::client::Stored;

    /// A ConfigMap with the id `uid`; `metadata` is added to its metadata.
    fn object(uid: &str, metadata: &str) -> Arc<Meta> {
        let json =
            format!(r#"{{"metadata":{{"name":"{uid}","namespace":"n","uid":"{uid}"{metadata}}}}}"#);
        let stored = Stored {
            json: json.into_bytes().into(),
            revision: 1,
        };
        Cached::new(&stored, false).unwrap().meta
    }

    fn owned(uid: &str, owner: &str, blocks: bool) -> Arc<Meta> {
        object(
            uid,
            &format!(
                r#","ownerReferences":[{{"apiVersion":"v1","kind":"ConfigMap","name":"{owner}","uid":"{owner}","blockOwnerDeletion":{blocks}}}]"#
            ),
        )
    }

    fn ending(uid: &str, finalizer: &str) -> Arc<Meta> {
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
        let meta = Arc::make_mut(&mut kid);
        Arc::make_mut(&mut meta.owners)[0].name = "another".into();
        assert_eq!(graph.put(&CONFIG_MAPS, &kid), [delete("kid")]);
        let mut kid = owned("foreigner", "owner", false);
        Arc::make_mut(&mut kid).namespace = "m".into();
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
