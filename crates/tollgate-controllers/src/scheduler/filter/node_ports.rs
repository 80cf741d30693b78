//! NodePorts: a port of a node goes to one pod.

use super::super::node::NodeInfo;
use super::super::pod::PodSpec;
use super::super::reason::{Plugin, Rejection};

/// Judges a node.
pub fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<Rejection> {
    if spec.host_ports.is_empty() || !node.has_port_conflict(&spec.host_ports) {
        return None;
    }
    Some(Rejection::unschedulable(
        Plugin::NodePorts,
        "node(s) didn't have free ports for the requested pod ports",
    ))
}
