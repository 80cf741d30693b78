//! daemonset-controller: a pod on every node that a DaemonSet is for.
//!
//! Upstream: `pkg/controller/daemon`

mod backoff;
mod node;
mod plan;
mod rolling;
mod status;
mod sync;
mod template;

#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Watched};
use crate::driver::Cache;
use crate::owners::Owners;
use crate::refused::Refused;
use crate::resources::{CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS};
use std::sync::Mutex;
use tollgate_api::Value;
use tollgate_api::client::{Identity, Pending};

/// The controller.
#[derive(Debug)]
pub struct DaemonSets {
    owners: Owners,
    refused: Refused,
    nodes: node::Nodes,
    failures: Mutex<backoff::Failures>,
}

impl Default for DaemonSets {
    fn default() -> Self {
        Self {
            owners: Owners::new(&DAEMON_SETS, "DaemonSet", selector),
            refused: Refused::default(),
            nodes: node::Nodes::default(),
            failures: Mutex::default(),
        }
    }
}

fn selector(set: &Value) -> Value {
    set.at(&["spec", "selector"]).cloned().unwrap_or_default()
}

impl Controller for DaemonSets {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("daemon-set-controller")
    }

    fn component(&self) -> &'static str {
        "daemonset-controller"
    }

    fn watches(&self) -> Watched {
        let mut watched = vec![&DAEMON_SETS, &PODS, &NODES, &CONTROLLER_REVISIONS];
        watched.extend(Refused::WATCHES);
        Watched::These(watched)
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        self.refused.concerns(change, queue);
        if change.is_of(&DAEMON_SETS) {
            self.owners.owner_changed(change, queue);
        } else if change.is_of(&PODS)
            || change.is_of(&CONTROLLER_REVISIONS) && !is_made_with_owner(change)
        {
            self.owners.dependent_changed(change, cache, queue);
        } else if change.is_of(&NODES) && is_placement_changed(change) {
            for set in cache.list(&DAEMON_SETS, "") {
                queue.add(Key::of(&set));
            }
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.sync(context, key))
    }
}

/// Whether a revision is new and has a controller already: upstream wakes nobody for it. Whoever makes one by hand would else
/// see it go at once, should it be the twin of another.
fn is_made_with_owner(change: &Change<'_>) -> bool {
    let made = change.new.filter(|_| change.old.is_none());
    made.is_some_and(|made| made.meta.owners.iter().any(|owner| owner.controller))
}

/// Whether a node changed in what placement asks of it.
fn is_placement_changed(change: &Change<'_>) -> bool {
    let (Some(old), Some(new)) = (change.old, change.new) else {
        return true;
    };
    match (node::Node::of(old), node::Node::of(new)) {
        (Ok(old), Ok(new)) => old != new,
        _ => true,
    }
}
