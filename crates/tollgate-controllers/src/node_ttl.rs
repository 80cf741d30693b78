//! ttl-controller: nodes are told for how long kubelets may believe what they know of secrets and config maps, which is
//! longer in large clusters.
//!
//! Upstream: `pkg/controller/ttl/ttl_controller.go`, where a node learns of a new size when it reports next; here all are told at
//! once.

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::gone;
use crate::resources::NODES;
use std::sync::{Mutex, PoisonError};
use tollgate_api::Value;
use tollgate_api::client::{Identity, PatchKind, Pending, Target};
use tollgate_api::value::CompactString;

/// The annotation that nodes get.
const TTL: &str = "node.alpha.kubernetes.io/ttl";

/// From how many nodes down, and up to how many, a time counts, in seconds. They overlap, so that a node that comes and goes
/// does not change all others.
const BOUNDARIES: [(usize, usize, u32); 6] = [
    (0, 100, 0),
    (90, 500, 15),
    (450, 1_000, 30),
    (900, 2_000, 60),
    (1_800, 10_000, 300),
    (9_000, usize::MAX, 600),
];

/// The controller.
#[derive(Debug, Default)]
pub struct NodeTtl {
    /// Which of the boundaries counts.
    step: Mutex<usize>,
}

/// Which of the boundaries counts for so many nodes, where `step` counted before.
fn next_step(mut step: usize, nodes: usize) -> usize {
    let bounds = |step: usize| BOUNDARIES.get(step).copied().unwrap_or_default();
    while nodes > bounds(step).1 && step + 1 < BOUNDARIES.len() {
        step += 1;
    }
    while nodes < bounds(step).0 && step > 0 {
        step -= 1;
    }
    step
}

impl NodeTtl {
    fn seconds(&self) -> u32 {
        let step = *self.step.lock().unwrap_or_else(PoisonError::into_inner);
        BOUNDARIES.get(step).map_or(0, |(_, _, seconds)| *seconds)
    }

    /// Counts the nodes anew. Whether another time counts now.
    fn count(&self, nodes: usize) -> bool {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next_step(*step, nodes);
        std::mem::replace(&mut *step, next) != next
    }

    async fn annotate(&self, context: &Context, name: &str) -> Outcome {
        let Some(node) = context.cache.get(&NODES, "", name) else {
            return Ok(Requeue::No);
        };
        let wanted = CompactString::from(self.seconds().to_string());
        let object = node.object()?;
        let found = object.at(&["metadata", "annotations", TTL]);
        if found.and_then(Value::as_str) == Some(&wanted) {
            return Ok(Requeue::No);
        }
        let mut patch = Value::object();
        let annotations = patch.child_mut("metadata").child_mut("annotations");
        annotations.set(TTL, wanted);
        let target = Target::object(&NODES, "", name);
        gone::outcome(context.patch(target, PatchKind::Strategic, patch).await)
    }
}

impl Controller for NodeTtl {
    fn name(&self) -> &'static str {
        "ttl-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("ttl-controller")
    }

    fn component(&self) -> &'static str {
        "ttl-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&NODES])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if (change.old.is_none() || change.new.is_none()) && self.count(cache.count(&NODES)) {
            for node in cache.list(&NODES, "") {
                queue.add(Key::of(&node));
            }
        } else if let Some(new) = change.new {
            queue.add(Key::of(new));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.annotate(context, &key.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_clusters_believe_longer_and_sizes_overlap() {
        let seconds = |step: usize, nodes: usize| BOUNDARIES[next_step(step, nodes)].2;
        assert_eq!(seconds(0, 0), 0);
        assert_eq!(seconds(0, 100), 0);
        assert_eq!(seconds(0, 101), 15);
        assert_eq!(seconds(1, 90), 15);
        assert_eq!(seconds(1, 89), 0);
        assert_eq!(seconds(0, 5_000), 300);
        assert_eq!(seconds(4, 1_800), 300);
        assert_eq!(seconds(4, 1_799), 60);
        assert_eq!(seconds(0, 100_000), 600);
        assert_eq!(seconds(5, 10), 0);
    }
}
