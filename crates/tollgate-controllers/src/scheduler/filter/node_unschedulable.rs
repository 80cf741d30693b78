//! NodeUnschedulable: a cordoned node takes only pods that tolerate the taint that goes with it.

use super::super::node::NodeInfo;
use super::super::pod::PodSpec;
use super::super::reason::{Plugin, Reason, Rejection};
use super::super::taint::Taint;

/// Judges a node.
pub fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<Rejection> {
    if !node.facts.is_unschedulable {
        return None;
    }
    let taint = Taint::unschedulable();
    let is_tolerated = spec.tolerations.iter().any(|bears| bears.tolerates(&taint));
    (!is_tolerated).then(|| {
        Rejection::unresolvable(
            Plugin::NodeUnschedulable,
            Reason::Text("node(s) were unschedulable"),
        )
    })
}
