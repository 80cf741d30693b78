//! TaintNodesByCondition: a new node takes no pods before it is ready.

use crate::admission::{Plugin, Review};
use tollgate_api::{Operation, Status, Value};

const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct TaintNodesByCondition;

impl Plugin for TaintNodesByCondition {
    fn name(&self) -> &'static str {
        "TaintNodesByCondition"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if review.attributes.operation != Operation::Create || !review.is_core("nodes") {
            return Ok(());
        }
        let spec = object.child_mut("spec");
        let mut taints = spec.items("taints").to_vec();
        let is_there = taints.iter().any(|taint| {
            taint.str("key") == Some(NOT_READY) && taint.str("effect") == Some("NoSchedule")
        });
        if !is_there {
            let taint: Value = [("key", NOT_READY), ("effect", "NoSchedule")]
                .into_iter()
                .collect();
            taints.push(taint);
            spec.set("taints", Value::Array(taints));
        }
        Ok(())
    }
}
