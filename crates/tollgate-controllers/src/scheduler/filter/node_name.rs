//! NodeName: a pod that names its node runs nowhere else.

use super::super::node::NodeInfo;
use super::super::pod::PodInfo;
use super::super::reason::{Plugin, Reason, Rejection};

/// Judges a node.
pub fn filter(pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
    let is_other = !pod.node_name.is_empty() && pod.node_name != node.name;
    is_other.then(|| {
        Rejection::unresolvable(
            Plugin::NodeName,
            Reason::Text("node(s) didn't match the requested node name"),
        )
    })
}
