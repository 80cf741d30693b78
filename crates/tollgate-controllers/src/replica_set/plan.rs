//! How many pods to make, or which to delete.

use super::rank;
use crate::driver::Cached;
use std::sync::Arc;
use tollgate_api::Timestamp;

/// At most that many pods are made or deleted at once.
const BURST: usize = 500;

/// What is to be done with the pods of a set.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    /// There are as many as there should be.
    Nothing,
    /// Make that many.
    Create(usize),
    /// Delete these.
    Delete(Vec<Arc<Cached>>),
}

/// What is to be done; `related` are the pods that count for how many there are on a node.
pub(super) fn plan(
    replicas: usize,
    pods: &[Arc<Cached>],
    related: impl FnOnce() -> Vec<Arc<Cached>>,
    now: Timestamp,
) -> Plan {
    let missing = replicas.saturating_sub(pods.len());
    let surplus = pods.len().saturating_sub(replicas);
    if missing > 0 {
        Plan::Create(missing.min(BURST))
    } else if surplus == 0 {
        Plan::Nothing
    } else if replicas == 0 {
        Plan::Delete(pods.iter().take(BURST).cloned().collect())
    } else {
        let mut ranked = rank::ranked(pods, &related(), now);
        ranked.truncate(surplus.min(BURST));
        Plan::Delete(ranked)
    }
}
