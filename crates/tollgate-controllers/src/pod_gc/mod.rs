//! pod-garbage-collector-controller: removes pods that nobody else will remove.
//!
//! Upstream: `pkg/controller/podgc`, which looks at all pods every 20 seconds. Here a change says which are concerned.

mod terminated;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::pod_end::{self, Disruption};
use crate::resources::{NODES, PODS};
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tollgate_api::Status;
use tollgate_api::client::{Deletion, Identity, Pending};
use tollgate_api::status::Reason;

/// Work of this kind: a node may be gone for good.
const NODE: &str = "node";
/// Work of this kind: a pod is being deleted and on no node.
const POD: &str = "pod";
/// Work of this kind: there are too many pods that have ended.
const TERMINATED: &str = "terminated";
/// How long a node is missing before its pods are removed.
const QUARANTINE: Duration = Duration::from_secs(40);
/// How long ends of pods are gathered before they are counted.
const PERIOD: Duration = Duration::from_secs(20);
/// How many pods are removed at once: they share one sync of the disk.
const BATCH_MAX: usize = 64;

const NODE_GONE: Disruption = Disruption {
    reason: "DeletionByPodGC",
    message: "PodGC: node no longer exists",
};

/// The controller.
#[derive(Debug, Default)]
pub struct PodGarbageCollector {
    /// How many pods have ended.
    ended: AtomicUsize,
}

fn node_of(pod: &Cached) -> &str {
    pod.pod.as_ref().map_or("", |pod| pod.node.as_str())
}

impl PodGarbageCollector {
    fn pod_changed(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        let had_ended = change.old.is_some_and(|old| old.phase().is_terminal());
        let has_ended = change.new.is_some_and(|new| new.phase().is_terminal());
        if has_ended && !had_ended {
            let before = self.ended.fetch_add(1, Ordering::Relaxed);
            if before >= terminated::KEPT_MAX {
                queue.add_after(Key::of_kind(TERMINATED, "", ""), PERIOD);
            }
        } else if had_ended && !has_ended {
            self.ended.fetch_sub(1, Ordering::Relaxed);
        }
        let Some(pod) = change.new else {
            return;
        };
        let node = node_of(pod);
        if node.is_empty() {
            if pod.meta.deleted.is_some() {
                queue.add(Key::of_kind(POD, &pod.meta.namespace, &pod.meta.name));
            }
        } else if change.old.is_none_or(|old| node_of(old) != node)
            && cache.get(&NODES, "", node).is_none()
        {
            queue.add_after(Key::of_kind(NODE, "", node), QUARANTINE);
        }
    }
}

impl Controller for PodGarbageCollector {
    fn name(&self) -> &'static str {
        "pod-garbage-collector-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("pod-garbage-collector")
    }

    fn component(&self) -> &'static str {
        "pod-garbage-collector-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&PODS, &NODES])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&PODS) {
            self.pod_changed(change, cache, queue);
        } else if let (Some(gone), None) = (change.old, change.new) {
            queue.add_after(Key::of_kind(NODE, "", &gone.meta.name), QUARANTINE);
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(async move {
            match key.kind.as_str() {
                NODE => clear_node(context, &key.name).await,
                POD => {
                    let pod = context.cache.get(&PODS, &key.namespace, &key.name);
                    let pod = pod.filter(|pod| node_of(pod).is_empty());
                    let Some(pod) = pod.filter(|pod| pod.meta.deleted.is_some()) else {
                        return Ok(Requeue::No);
                    };
                    end(context, &pod, None).await.map(|()| Requeue::No)
                }
                _ => {
                    let pods = context.cache.list(&PODS, "");
                    let pods = terminated::superfluous(&pods, terminated::KEPT_MAX);
                    end_all(context, &pods, None).await
                }
            }
        })
    }
}

/// Removes the pods of a node that is gone.
async fn clear_node(context: &Context, node: &str) -> Outcome {
    if context.cache.get(&NODES, "", node).is_some() {
        return Ok(Requeue::No);
    }
    let pods = context.cache.pods_on(node);
    if pods.is_empty() {
        return Ok(Requeue::No);
    }
    match context.get(&NODES, "", node).await {
        Err(status) if status.reason == Reason::NotFound => {}
        Err(status) => return Err(status),
        Ok(_) => return Ok(Requeue::No),
    }
    end_all(context, &pods, Some(NODE_GONE)).await
}

async fn end_all(context: &Context, pods: &[Arc<Cached>], why: Option<Disruption>) -> Outcome {
    for batch in pods.chunks(BATCH_MAX) {
        let batch = batch.iter().map(|pod| end(context, pod, why));
        let ended: Result<Vec<()>, Status> = join_all(batch).await.into_iter().collect();
        ended?;
    }
    Ok(Requeue::No)
}

/// Lets a pod fail, as nobody else will say how it ended, and removes it.
async fn end(context: &Context, pod: &Cached, why: Option<Disruption>) -> Result<(), Status> {
    if !pod.phase().is_terminal() {
        pod_end::mark(context, pod, Some("Failed"), why).await?;
    }
    let now = Deletion {
        grace_period_seconds: Some(0),
        uid: Some(pod.meta.uid.clone()),
        ..Deletion::default()
    };
    let deleted = context.delete(&PODS, &pod.meta.namespace, &pod.meta.name, now);
    pod_end::unless_gone(deleted.await)
}
