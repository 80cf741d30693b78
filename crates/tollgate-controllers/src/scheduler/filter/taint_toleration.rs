//! TaintToleration: a pod must tolerate every taint that keeps pods away.

use super::super::node::NodeInfo;
use super::super::pod::PodSpec;
use super::super::reason::{Plugin, Reason, Rejection};
use super::super::taint;

/// Judges a node.
pub fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<Rejection> {
    let taint = taint::first_untolerated(&node.facts.taints, &spec.tolerations)?;
    Some(Rejection::unresolvable(
        Plugin::TaintToleration,
        Reason::Taint {
            key: taint.key.clone(),
            value: taint.value.clone(),
        },
    ))
}
