//! What a DaemonSet tells of its pods.

use super::plan::Situation;
use tollgate_api::Value;

/// How many pods there are, in the order in which they are told.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
pub(super) struct Counts {
    pub(super) desired: i64,
    pub(super) current: i64,
    pub(super) misscheduled: i64,
    pub(super) ready: i64,
    pub(super) updated: i64,
    pub(super) available: i64,
}

/// Counts pods: one per node, the oldest.
pub(super) fn count(situation: &Situation<'_>) -> Counts {
    let mut counts = Counts::default();
    let add = |count: &mut i64| *count = count.saturating_add(1);
    for (node, fit) in &situation.nodes {
        let first = situation.pods_on(&node.name).first();
        if !fit.should_run {
            if first.is_some() {
                add(&mut counts.misscheduled);
            }
            continue;
        }
        add(&mut counts.desired);
        let Some(pod) = first else {
            continue;
        };
        add(&mut counts.current);
        if pod.pod.as_ref().is_some_and(|pod| pod.is_ready()) {
            add(&mut counts.ready);
            if situation.is_available(pod) {
                add(&mut counts.available);
            }
        }
        if situation.is_current(pod) {
            add(&mut counts.updated);
        }
    }
    counts
}

/// The status that a set is to have.
pub(super) fn of(set: &Value, counts: &Counts, collisions: i64) -> Value {
    let mut status = set.get("status").cloned().unwrap_or_else(Value::object);
    status.set("currentNumberScheduled", counts.current);
    status.set("numberMisscheduled", counts.misscheduled);
    status.set("desiredNumberScheduled", counts.desired);
    status.set("numberReady", counts.ready);
    let generation = set.at(&["metadata", "generation"]);
    let generation = generation.and_then(Value::as_i64).unwrap_or_default();
    // Counts that are not required are left out when they are none.
    for (key, count) in [
        ("observedGeneration", generation),
        ("updatedNumberScheduled", counts.updated),
        ("numberAvailable", counts.available),
        (
            "numberUnavailable",
            counts.desired.saturating_sub(counts.available),
        ),
    ] {
        if count == 0 {
            status.remove(key);
        } else {
            status.set(key, count);
        }
    }
    if collisions > 0 {
        status.set("collisionCount", collisions);
    }
    status
}
