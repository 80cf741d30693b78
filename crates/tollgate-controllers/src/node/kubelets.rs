//! The kubelets of all simulated nodes, as one controller: nothing runs per node, and nothing polls.
//!
//! A key is a pod, a node's registration and status, or a node's lease. What takes time waits in the queue.

use super::config::NodePlan;
use super::following::Followed;
use super::lease::{self, Heartbeats};
use super::pod_lifecycle::{NodeFacts, Source, Sources, Step, Surroundings, is_admitted, step};
use super::state::State;
use super::{moment, node_object};
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::events::{Notice, Reference};
use crate::resources::{CONFIG_MAPS, LEASES, NAMESPACES, NODES, PODS, SECRETS};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tollgate_api::client::{Client, Deletion, Identity, PatchKind, Pending, Target, Verb};
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Release, Status, Value};

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
            let delay = match comes_up {
                true => 0,
                false => self.heartbeats.first_delay(place, self.plans.len()),
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
    let object = node.object().unwrap_or_default();
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
    /// Registers a node, or reports its status where that is due.
    ///
    /// A node that somebody deleted stays away until the process starts again, as with a kubelet.
    async fn keep_node(&self, context: &Context, name: &str) -> Outcome {
        let now = context.now;
        let Some(plan) = self.plans.get(name) else {
            return Ok(Requeue::No);
        };
        let stored = context.cache.get(&NODES, "", name);
        let (slot, is_registered, is_down) = {
            let mut state = self.state();
            let slot = state.slot(&self.plans, &context.cache, name);
            (
                slot,
                state.registered.contains(name),
                state.down.contains(name),
            )
        };
        let Some(slot) = slot.filter(|_| !is_down) else {
            return Ok(Requeue::No);
        };
        let client = self.client(context, name);
        let Some(stored) = stored else {
            if !is_registered {
                let node = node_object::new_node(plan, slot, self.release, now);
                let target = Target::collection(&NODES, "");
                match context.call_as(&client, target, Verb::Create(node)).await {
                    Err(status) if status.reason != Reason::AlreadyExists => return Err(status),
                    _ => self.state().registered.insert(name.to_owned()),
                };
            }
            return Ok(Requeue::No);
        };
        self.state().registered.insert(name.to_owned());
        let node = stored.object()?;
        let target = Target::object(&NODES, "", name);
        let missing = node_object::missing(&node, plan, slot).filter(|_| !is_registered);
        if let Some(patch) = missing {
            context
                .call_as(&client, target, Verb::Patch(PatchKind::Merge, patch))
                .await?;
        }
        let every = self.heartbeats.report_every;
        let due = node_object::last_heartbeat(&node).map_or(now, |last| moment::after(last, every));
        let status = node_object::status(&node, plan, slot, self.release, now);
        if due > now && !node_object::status_differs(&node, &status) {
            return Ok(Requeue::After(millis(moment::millis_between(now, due))));
        }
        let patch = Value::from_iter([("status", status)]);
        let verb = Verb::Patch(PatchKind::Merge, patch);
        context.call_as(&client, target.sub("status"), verb).await?;
        Ok(Requeue::After(millis(every)))
    }

    /// Renews the lease of a node that is there and up.
    async fn keep_lease(&self, context: &Context, name: &str) -> Outcome {
        let Some(node) = context.cache.get(&NODES, "", name) else {
            return Ok(Requeue::No);
        };
        if self.state().down.contains(name) {
            return Ok(Requeue::No);
        }
        let client = self.client(context, name);
        let target = Target::object(&LEASES, lease::NAMESPACE, name);
        let patch = lease::renewal(name, self.heartbeats, context.now);
        let verb = Verb::Patch(PatchKind::Merge, patch);
        match context.call_as(&client, target, verb).await {
            Ok(_) => {}
            Err(status) if status.reason == Reason::NotFound => {
                let lease = lease::new_lease(&node.object()?, self.heartbeats, context.now);
                let target = Target::collection(&LEASES, lease::NAMESPACE);
                context
                    .call_as(&client, target, Verb::Create(lease))
                    .await?;
            }
            Err(status) => return Err(status),
        }
        Ok(Requeue::After(millis(self.heartbeats.renew_every)))
    }

    /// Takes a pod a step further.
    async fn keep_pod(&self, context: &Context, key: &Key) -> Outcome {
        let Some(cached) = context.cache.get(&PODS, &key.namespace, &key.name) else {
            return Ok(Requeue::No);
        };
        let Some(node) = cached.pod.as_ref().map(|pod| pod.node.to_string()) else {
            return Ok(Requeue::No);
        };
        let pod = cached.object()?;
        let Some(step) = self.next_step(context, key, &cached, &pod, &node) else {
            return Ok(Requeue::No);
        };
        let client = self.client(context, &node);
        let again_at = step.again_at;
        match self.carry_out(context, &client, &node, pod, step).await {
            // Somebody was faster: what is to be done next follows from what they did.
            Err(status) if status.reason == Reason::NotFound => Ok(Requeue::No),
            Err(status) => Err(status),
            Ok(()) => Ok(again_at.map_or(Requeue::No, |time| {
                Requeue::After(millis(moment::millis_between(context.now, time)))
            })),
        }
    }

    /// What is next for a pod; nothing if its node is not ours, is down, or has not registered before it came.
    fn next_step(
        &self,
        context: &Context,
        key: &Key,
        cached: &Cached,
        pod: &Value,
        node: &str,
    ) -> Option<Step> {
        let plan = self.plans.get(node)?;
        let uid = &cached.meta.uid;
        let stored = if is_admitted(pod) || cached.meta.deleted.is_some() {
            Value::Null
        } else {
            context.cache.get(&NODES, "", node)?.object().ok()?
        };
        let mut state = self.state();
        if state.down.contains(node) {
            return None;
        }
        let mut memory = state.memories.remove(uid).unwrap_or_default();
        let kept = state.node(&self.plans, &context.cache, node)?;
        let in_status = pod.at(&["status", "podIP"]).and_then(Value::as_str);
        let (used, pods) = kept.used_by_others(uid);
        let has_ended = cached
            .pod
            .as_ref()
            .is_some_and(|pod| pod.phase.is_terminal());
        let on_host = pod.at(&["spec", "hostNetwork"]).and_then(Value::as_bool) == Some(true);
        let node_ip = kept.slot.node_ip();
        let around = Surroundings {
            node: NodeFacts {
                ip: &node_ip,
                node: &stored,
                allocatable: &plan.group.allocatable,
                used: &used,
                pods,
            },
            pod_ip: match (has_ended, on_host) {
                (true, _) => None,
                (false, true) => Some(node_ip.clone()),
                (false, false) => kept.addresses.address(uid, in_status),
            },
            sources: &InCache {
                cache: &context.cache,
                namespace: &key.namespace,
            },
            release: self.release,
        };
        let step = step(pod, &around, &mut memory, context.now);
        let mut next = pod.clone();
        if let Some(status) = &step.status {
            next.set("status", status.clone());
        }
        kept.allot(uid, &next);
        if !memory.is_empty() {
            state.memories.insert(uid.clone(), memory);
        }
        state.note_waiting(node, key, step.waits);
        Some(step)
    }

    async fn carry_out(
        &self,
        context: &Context,
        client: &Arc<dyn Client>,
        node: &str,
        mut pod: Value,
        step: Step,
    ) -> Result<(), Status> {
        let metadata = pod.get("metadata").unwrap_or(&Value::Null);
        let namespace = CompactString::new(metadata.str_or_empty("namespace"));
        let name = CompactString::new(metadata.str_or_empty("name"));
        let uid = CompactString::new(metadata.str_or_empty("uid"));
        // Without grace it is on its way out already, held by finalizers alone.
        let is_held = metadata.int("deletionGracePeriodSeconds") == Some(0);
        let target = Target::object(&PODS, &namespace, &name);
        let about = Reference::of(&pod);
        if let Some(status) = step.status {
            pod.set("status", status);
            context
                .call_as(client, target.sub("status"), Verb::Update(pod))
                .await?;
        }
        for event in step.events {
            let notice = Notice {
                about: about.clone().part(event.field_path),
                component: CompactString::const_new("kubelet"),
                host: node.into(),
                event_type: event.event_type,
                reason: event.reason.into(),
                message: event.message,
                action: CompactString::default(),
            };
            context.notice(client, &notice);
        }
        if step.delete && !is_held {
            let deletion = Deletion {
                grace_period_seconds: Some(0),
                uid: Some(uid),
                ..Deletion::default()
            };
            context
                .call_as(client, target, Verb::Delete(deletion))
                .await?;
        }
        Ok(())
    }

    /// Hears of what becomes of a pod.
    pub(super) fn follow(&self, uid: &str) -> watch::Receiver<Option<Arc<Cached>>> {
        self.followed.follow(uid)
    }

    /// A pod as it is known here, if it is this one.
    pub(super) fn known_pod(&self, namespace: &str, name: &str, uid: &str) -> Option<Value> {
        let known = self.cache.get()?.get(&PODS, namespace, name)?;
        (known.meta.uid == uid).then(|| known.object().ok())?
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

/// ConfigMaps and Secrets as the cache has them.
#[derive(Debug)]
struct InCache<'c> {
    cache: &'c Cache,
    namespace: &'c str,
}

impl Sources for InCache<'_> {
    fn keys(&self, source: Source, name: &str) -> Option<Vec<String>> {
        let resource = match source {
            Source::ConfigMap => &CONFIG_MAPS,
            Source::Secret => &SECRETS,
        };
        let object = self
            .cache
            .get(resource, self.namespace, name)?
            .object()
            .ok()?;
        let keys = ["data", "binaryData"]
            .into_iter()
            .flat_map(|field| object.entries(field));
        Some(keys.map(|(key, _)| key.to_owned()).collect())
    }
}
