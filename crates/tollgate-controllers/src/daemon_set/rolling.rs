//! The rolling update: which old pods give way now, and where new ones are made beside old ones.

use super::plan::{Plan, Situation};
use crate::driver::Cached;
use crate::int_or_percent::scaled;
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// The pods of a node that are not on their way out.
#[derive(Debug, Clone, Copy)]
enum OnNode<'p> {
    /// No pod, or one of each template: what is planned for the node anyhow comes first.
    Unsettled,
    /// More than one of the same template.
    Crowded,
    /// A pod of the template as it is.
    New(&'p Cached),
    /// A pod of another template.
    Old(&'p Cached),
    /// One of each.
    Both { new: &'p Cached, old: &'p Cached },
}

fn look<'p>(situation: &Situation<'_>, pods: &'p [Arc<Cached>]) -> OnNode<'p> {
    let living = pods.iter().filter(|pod| pod.meta.deleted.is_none());
    let (new, old): (Vec<&Arc<Cached>>, Vec<&Arc<Cached>>) =
        living.partition(|pod| situation.is_current(pod));
    match (new.as_slice(), old.as_slice()) {
        ([], []) => OnNode::Unsettled,
        ([new], []) => OnNode::New(new),
        ([], [old]) => OnNode::Old(old),
        ([new], [old]) => OnNode::Both { new, old },
        _ => OnNode::Crowded,
    }
}

/// How many pods may be missing and how many may be there twice.
fn bounds(situation: &Situation<'_>) -> (i64, i64) {
    let desired = situation.nodes.iter().filter(|(_, fit)| fit.should_run);
    let desired = i64::try_from(desired.count()).unwrap_or(i64::MAX);
    let bound = |key| {
        let value: Option<&Value> = situation.rolling(key);
        value
            .and_then(|value| scaled(value, desired, true))
            .unwrap_or_default()
    };
    let (unavailable, surge) = (bound("maxUnavailable"), bound("maxSurge"));
    // With neither, the update would never begin.
    if desired > 0 && unavailable == 0 && surge == 0 {
        return (1, 0);
    }
    (unavailable, surge)
}

/// The next steps of an update. Nothing is to be done beside it: who made or deleted pods in this round waits.
pub(super) fn plan(situation: &Situation<'_>) -> Plan {
    let (unavailable, surge) = bounds(situation);
    if surge == 0 {
        replace(situation, unavailable)
    } else {
        surge_over(situation, surge)
    }
}

/// The nodes that have a pod or should have one, by name.
fn places<'s>(
    situation: &'s Situation<'_>,
) -> impl Iterator<Item = (&'s CompactString, &'s [Arc<Cached>], bool)> {
    let nodes = situation
        .nodes
        .iter()
        .map(|(node, fit)| (&node.name, situation.pods_on(&node.name), fit.should_run));
    nodes.filter(|(_, pods, should_run)| *should_run || !pods.is_empty())
}

fn room(bound: i64, used: i64) -> usize {
    usize::try_from(bound.saturating_sub(used)).unwrap_or_default()
}

/// Deletes old pods: those that do not work at once, the others as long as few enough are missing.
fn replace(situation: &Situation<'_>, bound: i64) -> Plan {
    let mut missing = 0_i64;
    let mut broken = Vec::new();
    let mut working = Vec::new();
    for (_, pods, _) in places(situation) {
        match look(situation, pods) {
            OnNode::New(pod) if situation.is_available(pod) => {}
            OnNode::Old(pod) if situation.is_available(pod) => working.push(pod.meta.name.clone()),
            OnNode::Old(pod) => broken.push(pod.meta.name.clone()),
            _ => missing = missing.saturating_add(1),
        }
    }
    working.truncate(room(bound, missing));
    broken.append(&mut working);
    Plan {
        delete: broken,
        ..Plan::default()
    }
}

/// Makes new pods beside old ones, and deletes the old ones when the new ones work.
fn surge_over(situation: &Situation<'_>, bound: i64) -> Plan {
    let mut plan = Plan::default();
    let mut surging = 0_i64;
    let mut candidates = Vec::new();
    for (node, pods, should_run) in places(situation) {
        match look(situation, pods) {
            OnNode::Unsettled | OnNode::New(_) => {}
            OnNode::Old(_) if !should_run => {}
            OnNode::Old(pod) if situation.is_available(pod) => candidates.push(node.clone()),
            OnNode::Old(_) => plan.create.push(node.clone()),
            OnNode::Both { new, old } if situation.is_available(new) => {
                plan.delete.push(old.meta.name.clone());
            }
            OnNode::Crowded | OnNode::Both { .. } => surging = surging.saturating_add(1),
        }
    }
    candidates.truncate(room(bound, surging));
    plan.create.append(&mut candidates);
    plan
}
