//! One decision: the node for a pod, or why there is none.

use super::cluster::Cluster;
use super::filter::{Prepared, VolumePlan};
use super::message::{self, Diagnosis};
use super::node::Slot;
use super::pod::PodInfo;
use super::preempt::{self, Candidate};
use super::reason::{Code, Plugins, Rejection};
use super::score;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Release, Timestamp};

/// With fewer nodes than this all are looked at; and at least so many are found that can take a pod.
const FEASIBLE_MIN: usize = 100;
/// At least this percentage of the nodes is found that can take a pod.
const PERCENTAGE_MIN: usize = 5;

/// What a decision depends on beside the cluster.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The release whose words are used.
    pub release: Release,
    /// A random number, for choices between equals.
    pub random: u64,
    /// The time: pods that have not started count as starting now.
    pub now: Timestamp,
}

/// What was decided about a pod.
#[derive(Debug, Clone)]
pub enum Decision {
    /// It goes to a node.
    Assign {
        /// The node's name.
        node: CompactString,
        /// What is to be done about its claims first.
        volumes: VolumePlan,
    },
    /// No node can take it now.
    Wait {
        /// The message for its condition and event.
        message: String,
        /// What rejected nodes, and so what may help; all if there are no nodes.
        rejected_by: Plugins,
        /// A node that is to be made free for it.
        preemption: Option<Candidate>,
        /// Whether a node that it waited for is no longer meant for it.
        clears_nomination: bool,
    },
}

/// Decides about a pod.
pub fn decide(cluster: &mut Cluster, pod: &Arc<PodInfo>, context: Context) -> Decision {
    let nodes = cluster.order().len();
    if nodes == 0 {
        return Decision::Wait {
            message: message::NO_NODES.to_owned(),
            rejected_by: Plugins::ALL,
            preemption: None,
            clears_nomination: true,
        };
    }
    let mut found = find(cluster, pod);
    found.diagnosis.nodes = nodes;
    let Some(prepared) = found.prepared.take() else {
        return explain(cluster, pod, &found, context);
    };
    let slot = choose(cluster, pod, &prepared, &found.feasible, context.random);
    let node = slot.and_then(|slot| cluster.node(slot));
    let decision = node.map(|node| Decision::Assign {
        node: node.name.clone(),
        volumes: prepared.volumes.plan(cluster, node).unwrap_or_default(),
    });
    cluster.keep_verdicts(pod, prepared.verdicts);
    decision.unwrap_or_else(|| explain(cluster, pod, &found, context))
}

/// What a search for nodes found.
#[derive(Debug, Default)]
struct Found {
    prepared: Option<Prepared>,
    feasible: Vec<Slot>,
    diagnosis: Diagnosis,
    /// The nodes that were rejected, in the order of the diagnosis.
    rejected: Vec<Slot>,
}

/// Judges a pod on nodes one by one. Pods that wait for a node and are at least as important are taken to be there
/// already; the pod must fit beside them, and without them too, since they may end up elsewhere.
fn find(cluster: &mut Cluster, pod: &Arc<PodInfo>) -> Found {
    let waiting = waiting_pods(cluster, pod);
    let places: Vec<Slot> = waiting.iter().map(|(slot, _)| *slot).collect();
    for (slot, other) in &waiting {
        cluster.attach(Arc::clone(other), *slot);
    }
    let mut found = search(cluster, pod);
    for (slot, other) in &waiting {
        cluster.detach(other, *slot);
    }
    if places.is_empty() || found.feasible.is_empty() {
        return found;
    }
    if let Some(prepared) = found.prepared.take() {
        cluster.keep_verdicts(pod, prepared.verdicts);
    }
    match Prepared::new(cluster, pod) {
        Err(rejection) => found.diagnosis.prefilter = Some(rejection),
        Ok(prepared) => {
            let candidates = std::mem::take(&mut found.feasible);
            for slot in candidates {
                let is_shared = places.contains(&slot);
                match prepared.filter(cluster, pod, slot) {
                    Err(rejection) if is_shared => found.reject(slot, rejection),
                    _ => found.feasible.push(slot),
                }
            }
            found.prepared = Some(prepared);
        }
    }
    found
}

impl Found {
    fn reject(&mut self, slot: Slot, rejection: Rejection) {
        self.diagnosis.rejections.push(rejection);
        self.rejected.push(slot);
    }
}

/// The pods that wait for a node and are at least as important as `pod`.
pub(super) fn waiting_pods(cluster: &Cluster, pod: &PodInfo) -> Vec<(Slot, Arc<PodInfo>)> {
    let waiting = cluster.nominations().filter(|(_, other)| {
        other.priority() >= pod.priority() && !other.is_same_as(pod) && other.node_name.is_empty()
    });
    waiting
        .filter_map(|(node, other)| Some((cluster.slot_of(node)?, Arc::clone(other))))
        .collect()
}

fn search(cluster: &mut Cluster, pod: &PodInfo) -> Found {
    let mut found = Found::default();
    let prepared = match Prepared::new(cluster, pod) {
        Ok(prepared) => prepared,
        Err(rejection) => {
            found.diagnosis.prefilter = Some(rejection);
            return found;
        }
    };
    // A node that was made free for the pod is likely the only one, and is asked first.
    let nominated = cluster.slot_of(cluster.nomination_of(pod));
    if let Some(slot) = nominated.filter(|slot| prepared.filter(cluster, pod, *slot).is_ok()) {
        found.feasible.push(slot);
        found.prepared = Some(prepared);
        return found;
    }
    let order: Vec<Slot> = match &prepared.named_nodes {
        None => cluster.order().to_vec(),
        Some(names) => {
            found.diagnosis.absent =
                Some("node(s) didn't satisfy plugin(s) [NodeAffinity]".to_owned());
            names
                .iter()
                .filter_map(|name| cluster.slot_of(name))
                .collect()
        }
    };
    let start = cluster.next_start.checked_rem(order.len()).unwrap_or(0);
    let wanted = feasible_wanted(order.len());
    let turns = order.iter().cycle().skip(start).take(order.len());
    let mut looked_at = 0_usize;
    for slot in turns {
        if found.feasible.len() >= wanted {
            break;
        }
        looked_at = looked_at.saturating_add(1);
        match prepared.filter(cluster, pod, *slot) {
            Ok(()) => found.feasible.push(*slot),
            Err(rejection) => found.reject(*slot, rejection),
        }
    }
    cluster.next_start = start.saturating_add(looked_at);
    found.prepared = Some(prepared);
    found
}

/// How many nodes that can take a pod are enough to choose from.
fn feasible_wanted(nodes: usize) -> usize {
    if nodes < FEASIBLE_MIN {
        return nodes;
    }
    let percentage = 50_usize.saturating_sub(nodes / 125).max(PERCENTAGE_MIN);
    (nodes.saturating_mul(percentage) / 100).max(FEASIBLE_MIN)
}

fn choose(
    cluster: &mut Cluster,
    pod: &PodInfo,
    prepared: &Prepared,
    feasible: &[Slot],
    random: u64,
) -> Option<Slot> {
    if let [] | [_] = feasible {
        return feasible.first().copied();
    }
    let scores = score::score(cluster, pod, prepared, feasible);
    let best = scores.iter().max()?;
    let equals: Vec<Slot> = feasible
        .iter()
        .zip(&scores)
        .filter_map(|(slot, score)| (score == best).then_some(*slot))
        .collect();
    let count = u64::try_from(equals.len()).unwrap_or(u64::MAX);
    let pick = usize::try_from(random.checked_rem(count)?).ok()?;
    equals.get(pick).copied()
}

/// Looks whether room can be made, and says what was found.
fn explain(cluster: &mut Cluster, pod: &Arc<PodInfo>, found: &Found, context: Context) -> Decision {
    let diagnosis = &found.diagnosis;
    let mut rejected_by = Plugins::NONE;
    for rejection in diagnosis.prefilter.iter().chain(&diagnosis.rejections) {
        rejected_by = rejected_by.and(Plugins::of(&[rejection.plugin]));
    }
    if diagnosis.absent.is_some() {
        rejected_by = rejected_by.and(Plugins::of(&[super::reason::Plugin::NodeAffinity]));
    }
    let nominated = cluster.slot_of(cluster.nomination_of(pod));
    let of_nominated = nominated.and_then(|nominated| {
        let place = found.rejected.iter().position(|slot| *slot == nominated)?;
        diagnosis
            .rejections
            .get(place)
            .map(|rejection| rejection.code)
    });
    let potential: Vec<Slot> = found
        .rejected
        .iter()
        .zip(&diagnosis.rejections)
        .filter_map(|(slot, rejection)| (rejection.code == Code::Unschedulable).then_some(*slot))
        .collect();
    let outcome = if diagnosis.prefilter.is_some() {
        preempt::Outcome::not_helpful(diagnosis.nodes)
    } else {
        preempt::preempt(
            cluster,
            pod,
            &potential,
            of_nominated,
            diagnosis.nodes,
            context,
        )
    };
    let message = match &outcome {
        preempt::Outcome::Room(_) => None,
        preempt::Outcome::NotEligible(text) => Some((*text).to_owned()),
        preempt::Outcome::NoRoom(diagnosis) => Some(diagnosis.text(context.release)),
    };
    Decision::Wait {
        message: message::with_preemption(diagnosis, message.as_deref(), context.release),
        rejected_by,
        clears_nomination: matches!(outcome, preempt::Outcome::NoRoom(_)),
        preemption: match outcome {
            preempt::Outcome::Room(candidate) => Some(candidate),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_nodes_are_looked_for_as_upstream_looks_for() {
        for (nodes, wanted) in [
            (0, 0),
            (99, 99),
            (100, 100),
            (1000, 420),
            (5000, 500),
            (6000, 300),
        ] {
            assert_eq!(feasible_wanted(nodes), wanted, "{nodes}");
        }
    }
}
