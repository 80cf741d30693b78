//! node-lifecycle-controller: notices nodes that report no more, and taints nodes by their conditions.
//!
//! Upstream: `pkg/controller/nodelifecycle`. Upstream looks at all nodes every five seconds; here a node is looked at when
//! it or its lease changes, and when it should have changed, and zones when one of their nodes changes.

mod health;
mod labels;
mod limiter;
mod taints;
mod zones;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached, condition};
use crate::events::{EventType, Reference};
use crate::gone;
use crate::pod_end;
use crate::resources::{LEASES, NODES, PODS};
use futures_util::future::join_all;
use health::{Health, Sign};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tollgate_api::client::{Identity, PatchKind, Pending, Target};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};
use zones::{Fact, Pass, Zones};

/// Where leases of nodes are.
const LEASE_NAMESPACE: &str = "kube-node-lease";
/// The work on all zones. All other work is on a node.
const ZONES: &str = "zones";

#[derive(Debug, Default)]
struct State {
    health: BTreeMap<CompactString, Health>,
    /// Nodes whose coming people have been told of.
    known: BTreeSet<CompactString>,
    zones: Zones,
    /// What counts of each node for its zone.
    facts: BTreeMap<CompactString, Fact>,
    /// The revisions that this was read from.
    revisions: BTreeMap<CompactString, u64>,
}

impl State {
    /// Takes in how the nodes are. Only what has changed is read.
    fn learn(&mut self, nodes: &[Arc<Cached>]) -> Result<(), Status> {
        let there: BTreeSet<&CompactString> = nodes.iter().map(|node| &node.meta.name).collect();
        self.facts.retain(|name, _| there.contains(name));
        self.revisions.retain(|name, _| there.contains(name));
        for node in nodes {
            let name = &node.meta.name;
            if self.revisions.get(name) != Some(&node.revision) {
                self.facts
                    .insert(name.clone(), labels::fact(&node.meta, &node.object()?));
                self.revisions.insert(name.clone(), node.revision);
            }
        }
        Ok(())
    }
}

/// The controller.
#[derive(Debug, Default)]
pub struct NodeLifecycle {
    state: Mutex<State>,
}

impl NodeLifecycle {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Controller for NodeLifecycle {
    fn name(&self) -> &'static str {
        "node-lifecycle-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("node-controller")
    }

    fn component(&self) -> &'static str {
        "node-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&NODES, &LEASES, &PODS])
    }

    fn workers(&self) -> usize {
        8
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        let Some(object) = change.object() else {
            return;
        };
        if change.is_of(&NODES) || change.is_of(&LEASES) && object.meta.namespace == LEASE_NAMESPACE
        {
            queue.add(Key::new("", &object.meta.name));
        }
        if change.is_of(&NODES) {
            queue.add(Key::of_kind(ZONES, "", ""));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        if key.kind == ZONES {
            return Box::pin(self.taint_by_zones(context));
        }
        Box::pin(self.look(context, &key.name))
    }
}

impl NodeLifecycle {
    async fn look(&self, context: &Context, name: &str) -> Outcome {
        let Some(node) = context.cache.get(&NODES, "", name) else {
            let mut state = self.lock();
            state.health.remove(name);
            if state.known.remove(name) {
                drop(state);
                tell(
                    context,
                    name,
                    name,
                    "RemovingNode",
                    &format!("Node {name} event: Removing Node {name} from Controller"),
                );
            }
            return Ok(Requeue::No);
        };
        if self.lock().known.insert(name.into()) {
            tell(
                context,
                name,
                &node.meta.uid,
                "RegisteredNode",
                &format!("Node {name} event: Registered Node {name} in Controller"),
            );
        }
        let mut object = node.object()?;
        let lease = context.cache.get(&LEASES, LEASE_NAMESPACE, name);
        let lease = lease.map(|lease| lease.object()).transpose()?;
        let sign = Sign::of(&node.meta, &object, lease.as_ref());
        let silent = {
            let mut state = self.lock();
            let health = state.health.entry(name.into()).or_default();
            health.hear(&sign, context.now)
        };
        if silent.is_none() {
            let was_ready = is_ready(&object);
            if health::give_up(&mut object, &node.meta, context.now) {
                object = context.update(&NODES, "status", object).await?.parse()?;
                if was_ready {
                    let message = format!("Node {name} status is now: NodeNotReady");
                    tell(context, name, &node.meta.uid, "NodeNotReady", &message);
                }
            }
        }
        if !is_ready(&object) {
            mark_pods(context, name).await?;
        }
        let wanted = taints::wanted(&object, context.now);
        write_taints(context, name, &object, wanted).await?;
        labels::complete(context, &node.meta).await?;
        Ok(silent.map_or(Requeue::No, Requeue::After))
    }
}

impl NodeLifecycle {
    /// Taints nodes that are not ready so that their pods leave, as fast as their zones let it.
    async fn taint_by_zones(&self, context: &Context) -> Outcome {
        let pass = {
            let mut state = self.lock();
            state.learn(&context.cache.list(&NODES, ""))?;
            let State { zones, facts, .. } = &mut *state;
            let pass = zones.pass(facts, context.now);
            if pass.begins_anew {
                for health in state.health.values_mut() {
                    health.begin_anew(context.now);
                }
            }
            pass
        };
        let Pass { taint, untaint, .. } = &pass;
        let tainted = taint.iter().map(|(name, taint)| (name, Some(*taint)));
        let writes = tainted.chain(untaint.iter().map(|name| (name, None)));
        let writes = writes.map(|(name, taint)| write_no_execute(context, name, taint));
        let done: Result<Vec<()>, Status> = join_all(writes).await.into_iter().collect();
        done?;
        Ok(pass.wait.map_or(Requeue::No, Requeue::After))
    }
}

/// Of the taints by which pods leave a node, it has this one and no other.
async fn write_no_execute(
    context: &Context,
    name: &str,
    taint: Option<&'static str>,
) -> Result<(), Status> {
    let Some(node) = context.cache.get(&NODES, "", name) else {
        return Ok(());
    };
    let object = node.object()?;
    let wanted = taints::with_no_execute(&object, taint, context.now);
    write_taints(context, name, &object, wanted).await
}

fn is_ready(node: &Value) -> bool {
    let status = node.get("status").unwrap_or(&Value::Null);
    condition(status, "Ready").and_then(|ready| ready.str("status")) == Some("True")
}

fn tell(context: &Context, name: &str, uid: &str, reason: &str, message: &str) {
    let about = Reference {
        api_version: "v1".into(),
        kind: "Node".into(),
        namespace: CompactString::default(),
        name: name.into(),
        uid: uid.into(),
        resource_version: CompactString::default(),
        field_path: CompactString::default(),
    };
    context.event(about, EventType::Normal, reason, message);
}

/// The pods of a node that is not ready are not ready.
async fn mark_pods(context: &Context, node: &str) -> Result<(), Status> {
    for pod in context.cache.pods_on(node) {
        if pod.pod.as_ref().is_some_and(|state| state.is_ready()) {
            mark_pod(context, &pod).await?;
            let about = Reference::to("v1", "Pod", &pod);
            context.event(
                about,
                EventType::Warning,
                "NodeNotReady",
                "Node is not ready",
            );
        }
    }
    Ok(())
}

async fn mark_pod(context: &Context, pod: &Cached) -> Result<(), Status> {
    let mut ready = Value::object();
    ready.set("type", "Ready");
    ready.set("status", "False");
    ready.set("lastTransitionTime", context.now.to_string());
    let mut patch = Value::object();
    patch.child_mut("metadata").set("uid", pod.meta.uid.clone());
    let status = patch.child_mut("status");
    status.set("conditions", Value::Array(vec![ready]));
    let target = Target::object(&PODS, &pod.meta.namespace, &pod.meta.name).sub("status");
    pod_end::unless_gone(context.patch(target, PatchKind::Strategic, patch).await)
}

/// Gives a node these taints, if it does not have them.
async fn write_taints(
    context: &Context,
    name: &str,
    node: &Value,
    wanted: Option<Vec<Value>>,
) -> Result<(), Status> {
    let Some(wanted) = wanted else {
        return Ok(());
    };
    let mut patch = Value::object();
    let version = node.at(&["metadata", "resourceVersion"]).cloned();
    let metadata = patch.child_mut("metadata");
    metadata.set("resourceVersion", version.unwrap_or_default());
    let wanted = if wanted.is_empty() {
        Value::Null
    } else {
        Value::Array(wanted)
    };
    patch.child_mut("spec").set("taints", wanted);
    let target = Target::object(&NODES, "", name);
    gone::passed_over(context.patch(target, PatchKind::Merge, patch).await)
}

/// As a delay.
fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
