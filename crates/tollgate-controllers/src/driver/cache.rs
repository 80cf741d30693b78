//! What controllers know of the cluster: every object of the resources that one of them watches, as of a revision.

use super::cached::Cached;
use crate::resources::PODS;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};
use tollgate_api::client::{GroupVersionResource, Stored};
use tollgate_api::value::CompactString;

pub(super) type Name = (CompactString, CompactString);

/// The objects of one resource.
#[derive(Debug, Default)]
struct Objects {
    by_name: BTreeMap<Name, Arc<Cached>>,
    /// By namespace and unique id of the controller; without a controller, by an empty id.
    by_controller: BTreeMap<Name, BTreeMap<CompactString, Arc<Cached>>>,
    /// Of pods: by the name of their node.
    by_node: BTreeMap<CompactString, BTreeSet<Name>>,
    revision: u64,
    synced: bool,
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
    fn put(&mut self, object: Arc<Cached>) -> Option<Arc<Cached>> {
        let name = (object.meta.namespace.clone(), object.meta.name.clone());
        let old = self.take(&name);
        let controller = (
            object.meta.namespace.clone(),
            object.meta.controller_uid().into(),
        );
        let names = self.by_controller.entry(controller).or_default();
        names.insert(object.meta.name.clone(), Arc::clone(&object));
        if let Some(pod) = object.pod.as_ref().filter(|pod| !pod.node.is_empty()) {
            let names = self.by_node.entry(pod.node.clone()).or_default();
            names.insert(name.clone());
        }
        self.by_name.insert(name, object);
        old
    }

    fn take(&mut self, name: &Name) -> Option<Arc<Cached>> {
        let old = self.by_name.remove(name)?;
        let controller = (name.0.clone(), old.meta.controller_uid().into());
        if let Some(names) = self.by_controller.get_mut(&controller) {
            names.remove(&name.1);
            if names.is_empty() {
                self.by_controller.remove(&controller);
            }
        }
        if let Some(pod) = &old.pod
            && let Some(names) = self.by_node.get_mut(&pod.node)
        {
            names.remove(name);
            if names.is_empty() {
                self.by_node.remove(&pod.node);
            }
        }
        Some(old)
    }
}

/// The cache of all resources.
#[derive(Debug, Default)]
pub struct Cache {
    resources: RwLock<BTreeMap<GroupVersionResource, Arc<RwLock<Objects>>>>,
}

impl Cache {
    fn objects(&self, resource: &GroupVersionResource) -> Option<Arc<RwLock<Objects>>> {
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
        let objects = self.objects(resource)?;
        let objects = objects.read().unwrap_or_else(PoisonError::into_inner);
        Some(read(&objects))
    }

    /// An object.
    pub fn get(
        &self,
        resource: &GroupVersionResource,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Cached>> {
        let name = (CompactString::new(namespace), CompactString::new(name));
        self.read(resource, |objects| objects.by_name.get(&name).cloned())?
    }

    /// The objects of a namespace, by name; of all namespaces if it is empty.
    pub fn list(&self, resource: &GroupVersionResource, namespace: &str) -> Vec<Arc<Cached>> {
        let listed = self.read(resource, |objects| {
            if namespace.is_empty() {
                return objects.by_name.values().cloned().collect();
            }
            let start = (CompactString::new(namespace), CompactString::default());
            let range = (Bound::Included(start), Bound::Unbounded);
            let range = objects.by_name.range::<Name, _>(range);
            range
                .take_while(|((found, _), _)| found == namespace)
                .map(|(_, object)| Arc::clone(object))
                .collect()
        });
        listed.unwrap_or_default()
    }

    /// How many objects there are, in all namespaces.
    pub fn count(&self, resource: &GroupVersionResource) -> usize {
        let counted = self.read(resource, |objects| objects.by_name.len());
        counted.unwrap_or_default()
    }

    /// Whether a namespace has any object.
    pub fn has_any(&self, resource: &GroupVersionResource, namespace: &str) -> bool {
        let start = (CompactString::new(namespace), CompactString::default());
        let found = self.read(resource, |objects| {
            let mut range = objects.by_name.range(start..);
            range
                .next()
                .is_some_and(|((found, _), _)| found == namespace)
        });
        found.unwrap_or_default()
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
            let names = objects.by_node.get(node).into_iter().flatten();
            names
                .filter_map(|name| objects.by_name.get(name).cloned())
                .collect()
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
        self.begin(resource);
        for object in objects {
            self.put(resource, object);
        }
    }

    /// Begins to keep a resource.
    pub(super) fn begin(&self, resource: &GroupVersionResource) {
        let mut resources = self
            .resources
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        resources.entry(resource.clone()).or_default();
    }

    /// Forgets a resource that is served no more.
    pub(super) fn end(&self, resource: &GroupVersionResource) -> Vec<Arc<Cached>> {
        let mut resources = self
            .resources
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(objects) = resources.remove(resource) else {
            return Vec::new();
        };
        let objects = objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.by_name.values().cloned().collect()
    }

    fn write<T>(
        &self,
        resource: &GroupVersionResource,
        write: impl FnOnce(&mut Objects) -> T,
    ) -> Option<T> {
        let objects = self.objects(resource)?;
        let mut objects = objects.write().unwrap_or_else(PoisonError::into_inner);
        Some(write(&mut objects))
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
        let object = Arc::new(Cached::new(stored, *resource == PODS).ok()?);
        self.write(resource, |objects| {
            let name = (object.meta.namespace.clone(), object.meta.name.clone());
            let known = objects.by_name.get(&name);
            let is_known = known.is_some_and(|known| known.revision == stored.revision);
            let old = if is_known {
                known.cloned()
            } else {
                objects.put(Arc::clone(&object))
            };
            Taken {
                object,
                old,
                is_known,
            }
        })
    }

    /// Takes an object out, as it was last.
    pub(super) fn remove(
        &self,
        resource: &GroupVersionResource,
        stored: &Stored,
    ) -> Option<Replaced> {
        let last = Arc::new(Cached::new(stored, *resource == PODS).ok()?);
        self.write(resource, |objects| {
            let name = (last.meta.namespace.clone(), last.meta.name.clone());
            objects.take(&name)?;
            Some((Some(last), None))
        })?
    }

    /// Ends the listing of what is there: what is known but was not told is gone.
    pub(super) fn sync(
        &self,
        resource: &GroupVersionResource,
        told: &BTreeSet<Name>,
        revision: u64,
    ) -> Vec<Arc<Cached>> {
        let gone = self.write(resource, |objects| {
            let gone = objects.by_name.keys().filter(|name| !told.contains(*name));
            let gone: Vec<Name> = gone.cloned().collect();
            objects.revision = objects.revision.max(revision);
            objects.synced = true;
            gone.iter().filter_map(|name| objects.take(name)).collect()
        });
        gone.unwrap_or_default()
    }
}
