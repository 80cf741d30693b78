//! All controllers, the cache they share, and who is told of which change: what runs them is [`super::run`] in a server
//! and [`super::step`] in a simulation.

use super::cache::{Cache, Name, Replaced};
use super::queue::{Queue, Written};
use crate::clock::Clock;
use crate::context::Context;
use crate::controller::{Change, Controller, Key, Watched};
use crate::events::Recorder;
use crate::resources::{CUSTOM_RESOURCE_DEFINITIONS, EVENTS};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tollgate_api::Status;
use tollgate_api::client::{
    Client, Cluster, Extent, GroupVersionResource, Identity, Watch, WatchEvent,
};

/// A controller and what it works with.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) controller: Arc<dyn Controller>,
    pub(super) client: Arc<dyn Client>,
    pub(super) queue: Queue,
    watched: Watched,
}

impl Running {
    fn watches(&self, resource: &GroupVersionResource) -> bool {
        match &self.watched {
            Watched::These(resources) => resources.contains(&resource),
            Watched::Everything => true,
        }
    }
}

/// What an informer remembers while it lists.
#[derive(Debug, Default)]
pub(super) struct Listing {
    told: BTreeSet<Name>,
    synced: bool,
}

/// All controllers.
#[derive(Debug)]
pub struct Machine {
    pub(super) controllers: Vec<Running>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) recorder: Arc<Recorder>,
    /// The client that watches for all.
    watcher: Arc<dyn Client>,
    /// Told when a resource has been listed, or when other resources are served.
    pub(super) news: Notify,
    /// Who watches each resource that is named by somebody, by place in `controllers`.
    watchers: BTreeMap<&'static GroupVersionResource, Vec<usize>>,
    /// Who watches every other.
    watchers_of_all: Vec<usize>,
    cache: Arc<Cache>,
    cluster: Arc<dyn Cluster>,
    wanted: Mutex<Arc<BTreeSet<GroupVersionResource>>>,
}

impl Machine {
    /// A machine of these controllers.
    pub fn new(
        controllers: Vec<Arc<dyn Controller>>,
        cluster: Arc<dyn Cluster>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let running = controllers.into_iter().map(|controller| Running {
            client: cluster.client(controller.identity()),
            queue: Queue::default(),
            watched: controller.watches(),
            controller,
        });
        let watcher = Identity::user(
            "system:kube-controller-manager",
            &[],
            "kube-controller-manager",
        );
        let controllers: Vec<Running> = running.collect();
        let named = controllers.iter().flat_map(|running| {
            let named = match &running.watched {
                Watched::These(resources) => resources.as_slice(),
                Watched::Everything => &[],
            };
            named.iter().copied()
        });
        let watchers = named.map(|resource| {
            let places = controllers.iter().enumerate();
            let places = places.filter(|(_, running)| running.watches(resource));
            (resource, places.map(|(place, _)| place).collect())
        });
        let of_all = controllers.iter().enumerate();
        let of_all = of_all.filter(|(_, running)| matches!(running.watched, Watched::Everything));
        Self {
            watchers: watchers.collect(),
            watchers_of_all: of_all.map(|(place, _)| place).collect(),
            controllers,
            recorder: Arc::new(Recorder::new(Arc::clone(&clock))),
            watcher: cluster.client(watcher),
            clock,
            news: Notify::new(),
            cache: Arc::default(),
            cluster,
            wanted: Mutex::default(),
        }
    }

    /// The cache of all controllers.
    pub fn cache(&self) -> &Arc<Cache> {
        &self.cache
    }

    /// The controllers that watch a resource.
    fn watchers(&self, resource: &GroupVersionResource) -> impl Iterator<Item = &Running> {
        let places = self.watchers.get(resource).unwrap_or(&self.watchers_of_all);
        let places = places.iter();
        places.filter_map(|place| self.controllers.get(*place))
    }

    /// How much of a resource's objects is kept: those that no controller names are watched for their metadata alone.
    fn extent(&self, resource: &GroupVersionResource) -> Extent {
        if self.watchers.contains_key(resource) {
            Extent::Whole
        } else {
            Extent::Metadata
        }
    }

    /// Begins a watch for all controllers.
    pub(super) fn watch(&self, resource: &GroupVersionResource) -> Result<Box<dyn Watch>, Status> {
        self.watcher.watch(resource, "", self.extent(resource))
    }

    /// Which resources are to be watched, as of the last [`Self::refresh`].
    pub(super) fn wanted(&self) -> Arc<BTreeSet<GroupVersionResource>> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&wanted)
    }

    /// Finds out which resources are to be watched now.
    pub(super) fn refresh(&self) -> Arc<BTreeSet<GroupVersionResource>> {
        let new = Arc::new(self.find_wanted());
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        *wanted = Arc::clone(&new);
        new
    }

    fn find_wanted(&self) -> BTreeSet<GroupVersionResource> {
        let mut wanted = BTreeSet::new();
        let mut everything = false;
        for running in &self.controllers {
            match &running.watched {
                Watched::These(resources) => {
                    wanted.extend(resources.iter().map(|resource| (*resource).clone()));
                }
                Watched::Everything => everything = true,
            }
        }
        let served = self.watcher.resources();
        if everything {
            wanted.insert(CUSTOM_RESOURCE_DEFINITIONS.clone());
            for resource in &served {
                let has = |verb| resource.verbs.contains(&verb);
                let is_event = resource.resource.resource == EVENTS.resource;
                let is_known = wanted.iter().any(|known| {
                    known.group == resource.resource.group
                        && known.resource == resource.resource.resource
                });
                if has("list") && has("watch") && has("delete") && !is_event && !is_known {
                    wanted.insert(resource.resource.clone());
                }
            }
        }
        // A version that is not the preferred one is served, too, if its group has the resource at all.
        wanted.retain(|wanted| {
            served.iter().any(|served| {
                served.resource.group == wanted.group && served.resource.resource == wanted.resource
            })
        });
        wanted
    }

    /// Whether everything that a controller watches has been listed.
    pub(super) fn is_ready(&self, running: &Running) -> bool {
        let wanted = self.wanted();
        let mut watched = wanted.iter().filter(|resource| running.watches(resource));
        !wanted.is_empty() && watched.all(|resource| self.cache.is_synced(resource))
    }

    /// Begins to keep a resource.
    pub(super) fn begin(&self, resource: &GroupVersionResource) {
        self.cache.begin(resource, self.extent(resource));
    }

    /// Stops keeping a resource that is served no more.
    pub(super) fn end(&self, resource: &GroupVersionResource) {
        for old in self.cache.end(resource) {
            self.tell(resource, &(Some(old), None));
        }
        for running in &self.controllers {
            running.queue.forget(resource);
        }
        self.news.notify_waiters();
    }

    /// Takes in what a watch tells.
    pub(super) fn take(
        &self,
        resource: &GroupVersionResource,
        event: &WatchEvent,
        listing: &mut Listing,
    ) {
        let revision = match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                if let Some(taken) = self.cache.put(resource, object) {
                    if !listing.synced {
                        let meta = &taken.object.meta;
                        let name = (meta.namespace.clone(), meta.name.clone());
                        listing.told.insert(name);
                    }
                    if !taken.is_known {
                        self.tell(resource, &(taken.old, Some(taken.object)));
                    }
                }
                object.revision
            }
            WatchEvent::Deleted(object) => {
                if let Some(replaced) = self.cache.remove(resource, object) {
                    self.tell(resource, &replaced);
                }
                object.revision
            }
            WatchEvent::Synced { revision } => {
                let told = std::mem::take(&mut listing.told);
                listing.synced = true;
                for gone in self.cache.sync(resource, &told, *revision) {
                    self.tell(resource, &(Some(gone), None));
                }
                self.news.notify_waiters();
                *revision
            }
        };
        // A listing tells objects by name, not in the order of their changes: only its end says how far the cache has come.
        if listing.synced {
            self.cache.reach(resource, revision);
            for running in self.watchers(resource) {
                running.queue.seen(resource, revision);
            }
        }
        if *resource == CUSTOM_RESOURCE_DEFINITIONS {
            self.news.notify_waiters();
        }
    }

    fn tell(&self, resource: &GroupVersionResource, replaced: &Replaced) {
        let change = Change {
            resource,
            old: replaced.0.as_ref(),
            new: replaced.1.as_ref(),
        };
        let now = self.clock.elapsed();
        for running in self.watchers(resource) {
            let mut queue = running.queue.at(now);
            running
                .controller
                .concerns(&change, &self.cache, &mut queue);
        }
    }

    /// Works on a key that was taken from the queue of a controller.
    pub(super) async fn work(&self, running: &Running, key: Key) {
        let context = Context {
            cache: Arc::clone(&self.cache),
            now: self.clock.now(),
            client: Arc::clone(&running.client),
            cluster: Arc::clone(&self.cluster),
            clock: Arc::clone(&self.clock),
            recorder: Arc::clone(&self.recorder),
            component: running.controller.component(),
            written: Mutex::default(),
        };
        let outcome = running.controller.reconcile(&context, &key).await;
        let written = context.written.into_inner();
        let mut written: Written = written.unwrap_or_else(PoisonError::into_inner);
        written.retain(|resource, _| running.watches(resource) && self.cache.is_synced(resource));
        let now = self.clock.elapsed();
        running.queue.done(key, &outcome, written, &self.cache, now);
    }
}
