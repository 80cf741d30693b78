//! NodeResourcesFit: what pods request never exceeds what a node has.

use super::super::node::NodeInfo;
use super::super::pod::PodSpec;
use super::super::reason::{Code, Plugin, Reason, Rejection};
use tollgate_api::value::CompactString;

/// Judges a node; every resource that is short is told.
pub fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<Rejection> {
    let mut shortage = Shortage {
        reasons: Vec::new(),
        code: Code::Unschedulable,
    };
    let pods = i64::try_from(node.pods.len()).unwrap_or(i64::MAX);
    if pods >= node.facts.pods_max {
        shortage.reasons.push(Reason::Text("Too many pods"));
    }
    let (wanted, used, all) = (&spec.requests.requests, &node.used, &node.facts.allocatable);
    shortage.check(wanted.milli_cpu, used.milli_cpu, all.milli_cpu, || {
        Reason::Text("Insufficient cpu")
    });
    shortage.check(wanted.memory, used.memory, all.memory, || {
        Reason::Text("Insufficient memory")
    });
    shortage.check(
        wanted.ephemeral_storage,
        used.ephemeral_storage,
        all.ephemeral_storage,
        || Reason::Text("Insufficient ephemeral-storage"),
    );
    for (name, wanted) in &wanted.scalars {
        let of = |amounts: &std::collections::BTreeMap<CompactString, i64>| {
            amounts.get(name).copied().unwrap_or(0)
        };
        shortage.check(*wanted, of(&used.scalars), of(&all.scalars), || {
            Reason::Insufficient(name.clone())
        });
    }
    (!shortage.reasons.is_empty()).then_some(Rejection {
        plugin: Plugin::NodeResourcesFit,
        code: shortage.code,
        reasons: shortage.reasons,
    })
}

struct Shortage {
    reasons: Vec<Reason>,
    code: Code,
}

impl Shortage {
    fn check(&mut self, wanted: i64, used: i64, all: i64, reason: impl FnOnce() -> Reason) {
        if wanted <= 0 || wanted <= all.saturating_sub(used) {
            return;
        }
        self.reasons.push(reason());
        // No pod can be removed that would make a node larger.
        if wanted > all {
            self.code = Code::Unresolvable;
        }
    }
}
