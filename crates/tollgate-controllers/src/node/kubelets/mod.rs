//! The kubelets of all simulated nodes, as one controller: nothing runs per node, and nothing polls.
//!
//! A key is a pod, a node's registration and status, or a node's lease. What takes time waits in the queue.

mod nodes;
mod pods;

use super::config::NodePlan;
use super::following::Followed;
use super::lease::{self, Heartbeats};
use super::state::State;
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Watched};
use crate::driver::{Cache, Cached};
use crate::resources::{CONFIG_MAPS, NAMESPACES, NODES, PODS, SECRETS};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tollgate_api::client::{Client, Identity, Pending};
use tollgate_api::{Release, Value};

/// The annotation of a Node by which it goes down: it reports nothing more, and its pods stay as they are.
pub const DOWN: &str = "tollgate.dev/down";

const NODE: &str = "node";
const LEASE: &str = "lease";

/// How many keys are worked on at once: they share syncs of the disk.
const WORKERS: usize = 64;

/// The kubelets of all simulated nodes.
#[derive(Debug)]
pub struct Kubelets {
    plans: BTreeMap<String, NodePlan>,
    heartbeats: Heartbeats,
    release: Release,
    state: Mutex<State>,
    clients: Mutex<BTreeMap<String, Arc<dyn Client>>>,
    followed: Followed,
    /// What is known of the cluster; from the first piece of work on.
    cache: OnceLock<Arc<Cache>>,
}

impl Kubelets {
    /// The kubelets of these nodes, in a cluster of that release.
    pub fn new(plans: Vec<NodePlan>, release: Release) -> Self {
        let plans: BTreeMap<String, NodePlan> = plans
            .into_iter()
            .map(|plan| (plan.name.clone(), plan))
            .collect();
        Self {
            heartbeats: Heartbeats::of_cluster(plans.len()),
            plans,
            release,
            state: Mutex::default(),
            clients: Mutex::default(),
            followed: Followed::default(),
            cache: OnceLock::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, context: &Context, node: &str) -> Arc<dyn Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(node.to_owned()).or_insert_with(|| {
            let user = format!("system:node:{node}");
            context
                .cluster()
                .client(Identity::user(&user, &["system:nodes"], "kubelet"))
        });
        Arc::clone(client)
    }

    fn pod_changed(&self, change: &Change<'_>, queue: &mut dyn Enqueue) {
        let Some(cached) = change.object() else {
            return;
        };
        let Some(pod) = cached
            .pod
            .as_ref()
            .filter(|pod| self.plans.contains_key(pod.node.as_str()))
        else {
            return;
        };
        let replaced = change
            .old
            .zip(change.new)
            .filter(|(old, new)| old.meta.uid != new.meta.uid);
        let is_over = change.new.is_none() || pod.phase.is_terminal();
        if let Some((old, _)) = replaced {
            self.followed.tell(&old.meta.uid, None);
        }
        self.followed.tell(&cached.meta.uid, change.new.cloned());
        let mut state = self.state();
        if is_over || replaced.is_some() {
            let gone = replaced.map_or(cached, |(old, _)| old);
            state.memories.remove(&gone.meta.uid);
            state.note_waiting(&pod.node, &Key::of(cached), false);
            state.release(&pod.node, &gone.meta.uid);
        }
        for waiting in state.take_waiting_for_room(&pod.node) {
            queue.add(waiting);
        }
        drop(state);
        if change.new.is_some() {
            queue.add(Key::of(cached));
        }
    }

    fn node_changed(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        let Some(cached) = change.object() else {
            return;
        };
        let name = cached.meta.name.as_str();
        if !self.plans.contains_key(name) {
            return;
        }
        let is_down = change.new.is_some_and(|node| is_told_to_be_down(node));
        let mut state = self.state();
        let was_down = state.down.contains(name);
        if is_down {
            state.down.insert(name.to_owned());
        } else {
            state.down.remove(name);
        }
        drop(state);
        let comes_up = was_down && !is_down;
        queue.add(Key::of_kind(NODE, "", name));
        if change.old.is_none() || comes_up {
            let place = self
                .plans
                .keys()
                .position(|plan| plan == name)
                .unwrap_or_default();
            let delay = if comes_up {
                0
            } else {
                self.heartbeats.first_delay(place, self.plans.len())
            };
            queue.add_after(Key::of_kind(LEASE, "", name), millis(delay));
            for pod in cache.pods_on(name) {
                queue.add(Key::of(&pod));
            }
        }
    }
}

fn millis(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

fn is_told_to_be_down(node: &Cached) -> bool {
    let object = node.object_to_read().unwrap_or_default();
    let told = object.at(&["metadata", "annotations", DOWN]);
    told.and_then(Value::as_str) == Some("true")
}

impl Controller for Kubelets {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn identity(&self) -> Identity {
        Identity::user("system:nodes", &["system:nodes"], "kubelet")
    }

    fn component(&self) -> &'static str {
        "kubelet"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&PODS, &NODES, &NAMESPACES, &CONFIG_MAPS, &SECRETS])
    }

    fn workers(&self) -> usize {
        WORKERS
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&PODS) {
            self.pod_changed(change, queue);
        } else if change.is_of(&NODES) {
            self.node_changed(change, cache, queue);
        } else if change.is_of(&NAMESPACES) {
            // Nodes register once the namespace of their leases is there: a cluster begins with it.
            let is_there = change
                .new
                .filter(|namespace| namespace.meta.name == lease::NAMESPACE);
            if is_there.is_some() && change.old.is_none() {
                for name in self.plans.keys() {
                    queue.add(Key::of_kind(NODE, "", name));
                }
            }
        } else if let Some(new) = change.new {
            for waiting in self.state().waiting_in(&new.meta.namespace) {
                queue.add(waiting);
            }
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        self.cache.get_or_init(|| Arc::clone(&context.cache));
        Box::pin(async move {
            match key.kind.as_str() {
                NODE => self.keep_node(context, &key.name).await,
                LEASE => self.keep_lease(context, &key.name).await,
                _ => self.keep_pod(context, key).await,
            }
        })
    }
}

impl Kubelets {
    /// Hears of what becomes of a pod.
    pub(super) fn follow(&self, uid: &str) -> watch::Receiver<Option<Arc<Cached>>> {
        self.followed.follow(uid)
    }

    /// A pod as it is known here, if it is this one.
    pub(super) fn known_pod(&self, namespace: &str, name: &str, uid: &str) -> Option<Value> {
        let known = self.cache.get()?.get(&PODS, namespace, name)?;
        (known.meta.uid == uid).then(|| known.object().ok())?
    }

    /// What is known of a node, and of the pods that are bound to it.
    pub(super) fn known_node(&self, node: &str) -> Option<(Value, Vec<Value>)> {
        let cache = self.cache.get()?;
        let object = cache.get(&NODES, "", node)?.object().ok()?;
        let pods = cache.pods_on(node);
        let pods = pods.iter().filter_map(|pod| pod.object().ok());
        Some((object, pods.collect()))
    }

    /// The address of a simulated node: an error if it is down.
    pub(super) fn address_if_up(&self, node: &str) -> Option<Result<String, String>> {
        self.plans.get(node)?;
        let cache = self.cache.get()?;
        let mut state = self.state();
        let address = state.slot(&self.plans, cache, node)?.node_ip();
        Some(if state.down.contains(node) {
            Err(address)
        } else {
            Ok(address)
        })
    }

    /// The nodes that are simulated.
    pub fn plans(&self) -> impl Iterator<Item = &NodePlan> {
        self.plans.values()
    }
}
