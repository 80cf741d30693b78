//! What controllers know of the cluster: every object of the resources that one of them watches, as of a revision.

use super::cached::Cached;
use crate::resources::PODS;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tollgate_api::client::{Extent, GroupVersionResource, Stored};
use tollgate_api::value::CompactString;

pub(super) type Name = (CompactString, CompactString);

/// Objects of one namespace by name.
type ByName = BTreeMap<CompactString, Arc<Cached>>;

/// The objects of one resource.
#[derive(Debug, Default)]
struct Objects {
    by_namespace: BTreeMap<CompactString, ByName>,
    /// By namespace and unique id of the controller; without a controller, by an empty id.
    by_controller: BTreeMap<Name, ByName>,
    /// Of pods: by the name of their node.
    by_node: BTreeMap<CompactString, BTreeSet<OnNode>>,
    revision: u64,
    synced: bool,
}

/// A pod among those of its node, in the order of their namespaces and names.
#[derive(Debug)]
struct OnNode(Arc<Cached>);

impl OnNode {
    fn place(&self) -> (&str, &str) {
        (&self.0.meta.namespace, &self.0.meta.name)
    }
}

impl PartialEq for OnNode {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for OnNode {}

impl PartialOrd for OnNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OnNode {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

/// An object as it was and as it is.
pub(super) type Replaced = (Option<Arc<Cached>>, Option<Arc<Cached>>);

/// An object that was taken in.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) object: Arc<Cached>,
    /// How it was before.
    pub(super) old: Option<Arc<Cached>>,
    /// Whether it was known at that revision already.
    pub(super) is_known: bool,
}

impl Objects {
    fn get(&self, namespace: &str, name: &str) -> Option<&Arc<Cached>> {
        self.by_namespace.get(namespace)?.get(name)
    }

    /// Takes an object in whose place nobody stands.
    fn put(&mut self, mut object: Cached, old: Option<&Cached>) -> Arc<Cached> {
        let controller = (
            object.meta.namespace.clone(),
            object.meta.controller_uid().into(),
        );
        let siblings = self.by_controller.entry(controller).or_default();
        object.share(old, siblings.first_key_value().map(|(_, one)| &**one));
        let object = Arc::new(object);
        let name = object.meta.name.clone();
        siblings.insert(name.clone(), Arc::clone(&object));
        if let Some(pod) = object.pod.as_ref().filter(|pod| !pod.node.is_empty()) {
            let pods = self.by_node.entry(pod.node.clone()).or_default();
            pods.insert(OnNode(Arc::clone(&object)));
        }
        let namespace = object.meta.namespace.clone();
        let objects = self.by_namespace.entry(namespace).or_default();
        objects.insert(name, Arc::clone(&object));
        object
    }

    fn take(&mut self, namespace: &str, name: &str) -> Option<Arc<Cached>> {
        let objects = self.by_namespace.get_mut(namespace)?;
        let old = objects.remove(name)?;
        if objects.is_empty() {
            self.by_namespace.remove(namespace);
        }
        let controller = (namespace.into(), old.meta.controller_uid().into());
        if let Some(siblings) = self.by_controller.get_mut(&controller) {
            siblings.remove(name);
            if siblings.is_empty() {
                self.by_controller.remove(&controller);
            }
        }
        if let Some(pod) = &old.pod
            && let Some(pods) = self.by_node.get_mut(&pod.node)
        {
            pods.remove(&OnNode(Arc::clone(&old)));
            if pods.is_empty() {
                self.by_node.remove(&pod.node);
            }
        }
        Some(old)
    }
}

/// The cache of all resources.
#[derive(Debug, Default)]
pub struct Cache {
    resources: RwLock<BTreeMap<GroupVersionResource, Arc<Kept>>>,
}

/// A resource that is kept.
#[derive(Debug)]
struct Kept {
    extent: Extent,
    objects: RwLock<Objects>,
}

impl Kept {
    fn read(&self) -> RwLockReadGuard<'_, Objects> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Objects> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    fn kept(&self, resource: &GroupVersionResource) -> Option<Arc<Kept>> {
        let resources = self
            .resources
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        resources.get(resource).cloned()
    }

    fn read<T>(
        &self,
        resource: &GroupVersionResource,
        read: impl FnOnce(&Objects) -> T,
    ) -> Option<T> {
        Some(read(&self.kept(resource)?.read()))
    }

    /// An object.
    pub fn get(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Cached>> {
        self.read(resource, |objects| objects.get(namespace, name).cloned())?
    }

    /// The objects of a namespace, by name; of all namespaces if it is empty.
    pub fn list(&self, resource: &GroupVersionResource, namespace: &str) -> Vec<Arc<Cached>> {
        let listed = self.read(resource, |objects| {
            let by_namespace = &objects.by_namespace;
            if namespace.is_empty() {
                let all = by_namespace.values().flat_map(BTreeMap::values);
                return all.cloned().collect();
            }
            let found = by_namespace.get(namespace).into_iter();
            found.flat_map(BTreeMap::values).cloned().collect()
        });
        listed.unwrap_or_default()
    }

    /// How many objects there are, in all namespaces.
    pub fn count(&self, resource: &GroupVersionResource) -> usize {
        let counted = self.read(resource, |objects| {
            objects.by_namespace.values().map(BTreeMap::len).sum()
        });
        counted.unwrap_or_default()
    }

    /// Whether a namespace has any object.
    pub fn has_any(&self, resource: &GroupVersionResource, namespace: &str) -> bool {
        self.read(resource, |objects| {
            objects.by_namespace.contains_key(namespace)
        })
        .unwrap_or_default()
    }

    /// The objects whose controller has that unique id, by name; those without a controller if it is empty.
    pub fn controlled_by(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        uid: &str,
    ) -> Vec<Arc<Cached>> {
        let controller = (CompactString::new(namespace), CompactString::new(uid));
        let listed = self.read(resource, |objects| {
            let found = objects.by_controller.get(&controller);
            found.map(|found| found.values().cloned().collect())
        });
        listed.flatten().unwrap_or_default()
    }

    /// How many objects have that controller.
    pub fn count_controlled_by(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        uid: &str,
    ) -> usize {
        let controller = (CompactString::new(namespace), CompactString::new(uid));
        let counted = self.read(resource, |objects| {
            objects
                .by_controller
                .get(&controller)
                .map_or(0, BTreeMap::len)
        });
        counted.unwrap_or_default()
    }

    /// Whether any object has that controller.
    pub fn is_controller(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        uid: &str,
    ) -> bool {
        let controller = (CompactString::new(namespace), CompactString::new(uid));
        self.read(resource, |objects| {
            objects.by_controller.contains_key(&controller)
        })
        .unwrap_or_default()
    }

    /// The pods on a node, by namespace and name.
    pub fn pods_on(&self, node: &str) -> Vec<Arc<Cached>> {
        let listed = self.read(&PODS, |objects| {
            let pods = objects.by_node.get(node).into_iter().flatten();
            pods.map(|pod| Arc::clone(&pod.0)).collect()
        });
        listed.unwrap_or_default()
    }

    /// The revision up to which the cache has seen a resource.
    pub fn revision(&self, resource: &GroupVersionResource) -> u64 {
        self.read(resource, |objects| objects.revision)
            .unwrap_or_default()
    }

    /// Whether all that was there at first has been seen.
    pub fn is_synced(&self, resource: &GroupVersionResource) -> bool {
        self.read(resource, |objects| objects.synced)
            .unwrap_or_default()
    }

    /// A cache that knows these objects.
    #[cfg(test)]
    pub(crate) fn keep(&self, resource: &GroupVersionResource, objects: &[Stored]) {
        self.begin(resource, Extent::Whole);
        for object in objects {
            self.put(resource, object);
        }
    }

    /// Begins to keep as much of a resource's objects.
    pub(super) fn begin(&self, resource: &GroupVersionResource, extent: Extent) {
        let mut resources = self
            .resources
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        resources.entry(resource.clone()).or_insert_with(|| {
            Arc::new(Kept {
                extent,
                objects: RwLock::default(),
            })
        });
    }

    /// Forgets a resource that is served no more.
    pub(super) fn end(&self, resource: &GroupVersionResource) -> Vec<Arc<Cached>> {
        let mut resources = self
            .resources
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let kept = resources.remove(resource);
        let objects = kept.iter().flat_map(|kept| {
            let objects = kept.read();
            let all = objects.by_namespace.values().flat_map(BTreeMap::values);
            all.cloned().collect::<Vec<_>>()
        });
        objects.collect()
    }

    fn write<T>(
        &self,
        resource: &GroupVersionResource,
        write: impl FnOnce(&mut Objects) -> T,
    ) -> Option<T> {
        Some(write(&mut self.kept(resource)?.write()))
    }

    /// Everything up to that revision has been told.
    pub(super) fn reach(&self, resource: &GroupVersionResource, revision: u64) {
        self.write(resource, |objects| {
            objects.revision = objects.revision.max(revision);
        });
    }

    /// Takes an object in. None if it is none that can be read.
    ///
    /// It says nothing of how far the cache has come: a listing tells objects by name.
    pub(super) fn put(&self, resource: &GroupVersionResource, stored: &Stored) -> Option<Taken> {
        let kept = self.kept(resource)?;
        // Reading takes the most time: nobody waits for it.
        let object = Cached::keep(stored, *resource == PODS, kept.extent).ok()?;
        let mut objects = kept.write();
        let known = objects.get(&object.meta.namespace, &object.meta.name);
        if let Some(known) = known.filter(|known| known.revision == stored.revision) {
            return Some(Taken {
                object: Arc::clone(known),
                old: Some(Arc::clone(known)),
                is_known: true,
            });
        }
        let old = objects.take(&object.meta.namespace, &object.meta.name);
        let object = objects.put(object, old.as_deref());
        Some(Taken {
            object,
            old,
            is_known: false,
        })
    }

    /// Takes an object out, as it was last.
    pub(super) fn remove(
        &self,
        resource: &GroupVersionResource,
        stored: &Stored,
    ) -> Option<Replaced> {
        let kept = self.kept(resource)?;
        let last = Arc::new(Cached::keep(stored, *resource == PODS, kept.extent).ok()?);
        let mut objects = kept.write();
        objects.take(&last.meta.namespace, &last.meta.name)?;
        Some((Some(last), None))
    }

    /// Ends the listing of what is there: what is known but was not told is gone.
    pub(super) fn sync(
        &self,
        resource: &GroupVersionResource,
        told: &BTreeSet<Name>,
        revision: u64,
    ) -> Vec<Arc<Cached>> {
        let gone = self.write(resource, |objects| {
            let known = objects
                .by_namespace
                .iter()
                .flat_map(|(namespace, objects)| {
                    let names = objects.keys();
                    names.map(|name| (namespace.clone(), name.clone()))
                });
            let gone: Vec<Name> = known.filter(|name| !told.contains(name)).collect();
            objects.revision = objects.revision.max(revision);
            objects.synced = true;
            gone.iter()
                .filter_map(|(namespace, name)| objects.take(namespace, name))
                .collect()
        });
        gone.unwrap_or_default()
    }
}
