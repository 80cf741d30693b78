//! The life of a pod on a simulated node: what its status is next, given what it is and the time.
//!
//! [`step`] is a function of values. All that it knows of the past stands in the pod's status, so a restart of the process
//! goes on where the status says. Times in a status are whole seconds; a stage that takes a second takes up to one.

mod admission;
mod behaviour;
mod conditions;
mod container;
mod entering;
mod events;
mod member;
mod outcome;
mod phase;
mod probes;
mod resize;
mod run;
mod sources;
mod stages;
mod status;
mod termination;
#[cfg(test)]
mod tests;
mod view;

pub use admission::{NodeFacts, Rejection};
pub use behaviour::{
    EXIT_AFTER, EXIT_CODE, EXIT_REASON, IMAGE_PULL_ERROR, LIVENESS_FAILS_AFTER, NEVER_READY,
    PREFIX, START_DELAY, STOP_AFTER,
};
pub use events::PodEvent;
pub use outcome::{Memory, Step};
pub use sources::{Source, Sources};
pub(crate) use status::{allotted_requests, is_active, is_admitted};
pub use view::ContainerRun;
pub(crate) use view::{container_says, members_running, run_of};

use crate::node::moment;
use tollgate_api::{Release, Timestamp, Value};

/// What a pod's life depends on beside the pod itself.
#[derive(Debug)]
pub struct Surroundings<'s> {
    /// The node, and what other pods have of it.
    pub node: NodeFacts<'s>,
    /// The address that the pod has or will have; none if the node has none left.
    pub pod_ip: Option<String>,
    /// ConfigMaps and Secrets of the pod's namespace.
    pub sources: &'s dyn Sources,
    /// How statuses read.
    pub release: Release,
}

/// The next step of a pod that is bound to this node.
pub fn step(pod: &Value, around: &Surroundings<'_>, memory: &mut Memory, now: Timestamp) -> Step {
    let mut step = Step::default();
    let is_terminal = phase::is_terminal(pod);
    if let Some(deleted_at) = deletion_requested_at(pod) {
        termination::step(pod, around, deleted_at, memory, &mut step, now);
        return step;
    }
    if is_terminal {
        return step;
    }
    if !is_admitted(pod) {
        admission::step(pod, around, &mut step, now);
        return step;
    }
    run::step(pod, around, memory, &mut step, now);
    step
}

/// When the deletion of a pod was asked for: its grace period counts from then.
fn deletion_requested_at(pod: &Value) -> Option<Timestamp> {
    let metadata = pod.get("metadata")?;
    let gone_at = moment::read(metadata, "deletionTimestamp")?;
    let grace = metadata
        .int("deletionGracePeriodSeconds")
        .unwrap_or_default();
    Some(gone_at.saturating_add_seconds(grace.saturating_neg()))
}
