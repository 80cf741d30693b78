//! garbage-collector-controller: deletes objects whose owners are gone, holds owners until their dependents are, or lets
//! the dependents stay.
//!
//! Upstream: `pkg/controller/garbagecollector`. An owner that the graph knows is there; only of one that it does not
//! know the API is asked.

mod attempt;
mod graph;
mod owners;
mod uid;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use graph::{Graph, Work};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tollgate_api::client::{Identity, Pending};

/// Work of this kind: an object may have to go.
const DELETE: &str = "delete";
/// Work of this kind: the dependents of an object are to stay.
const ORPHAN: &str = "orphan";

/// The controller.
#[derive(Debug, Default)]
pub struct GarbageCollector {
    graph: Mutex<Graph>,
}

impl GarbageCollector {
    fn graph(&self) -> MutexGuard<'_, Graph> {
        self.graph.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        "garbage-collector-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("generic-garbage-collector")
    }

    fn component(&self) -> &'static str {
        "garbage-collector-controller"
    }

    fn watches(&self) -> Watched {
        Watched::Everything
    }

    fn workers(&self) -> usize {
        64
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        let old = change.old.map(|old| &old.meta);
        let new = change.new.map(|new| &new.meta);
        if let (Some(old), Some(new)) = (old, new)
            && old.uid == new.uid
            && old.owners == new.owners
            && old.finalizers == new.finalizers
            && old.deleted.is_some() == new.deleted.is_some()
        {
            if !Arc::ptr_eq(old, new) {
                self.graph().renew(new);
            }
            return;
        }
        let mut graph = self.graph();
        let mut works = Vec::new();
        if let Some(old) = old
            && new.is_none_or(|new| new.uid != old.uid)
        {
            // What is served no more may still be there.
            works.extend(graph.remove(&old.uid, cache.is_synced(change.resource)));
        }
        if let Some(new) = new {
            works.extend(graph.put(change.resource, new));
        }
        drop(graph);
        for work in works {
            queue.add(match work {
                Work::Delete(uid) => Key::of_kind(DELETE, "", &uid),
                Work::Orphan(uid) => Key::of_kind(ORPHAN, "", &uid),
            });
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let Some(node) = self.graph().node(&key.name).cloned() else {
                return Ok(Requeue::No);
            };
            if key.kind == ORPHAN {
                return attempt::orphan(self, context, &key.name, &node).await;
            }
            attempt::delete(self, context, &key.name, &node).await
        })
    }
}
