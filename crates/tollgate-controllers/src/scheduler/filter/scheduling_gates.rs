//! SchedulingGates: a pod with gates does not enter the queue.

use super::super::pod::PodInfo;

/// The reason in the condition of such a pod.
pub const REASON: &str = "SchedulingGated";
/// The message in the condition of such a pod.
pub const MESSAGE: &str = "Scheduling is blocked due to non-empty scheduling gates";

/// Whether a pod is kept out.
pub fn keeps_out(pod: &PodInfo) -> bool {
    pod.is_gated
}
