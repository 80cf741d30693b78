//! SchedulingGates: a pod with gates does not enter the queue. The API server says so in the pod's condition when the pod
//! is made.

use super::super::pod::PodInfo;

/// Whether a pod is kept out.
pub fn keeps_out(pod: &PodInfo) -> bool {
    pod.is_gated
}
