//! Preemption: which less important pods must go so that a pod finds room.

use super::cluster::Cluster;
use super::decide::{Context, waiting_pods};
use super::filter::Prepared;
use super::message::Diagnosis;
use super::node::Slot;
use super::pod::PodInfo;
use super::reason::{Code, Plugin, Reason, Rejection};
use super::selector::Selector;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

/// At least this percentage of the nodes where room could be made is tried.
const CANDIDATES_PERCENTAGE: usize = 10;
/// At least so many of them are tried.
const CANDIDATES_MIN: usize = 100;

/// The reason in the condition `DisruptionTarget` of a pod that must go.
pub const VICTIM_REASON: &str = "PreemptionByScheduler";

/// The message in the condition `DisruptionTarget` of a pod that must go.
pub fn victim_message(scheduler_name: &str) -> String {
    format!("{scheduler_name}: preempting to accommodate a higher priority pod")
}

/// The message of the event `Preempted` at a pod that must go.
pub fn preempted_message(preemptor_uid: &str, node: &str) -> String {
    format!("Preempted by pod {preemptor_uid} on node {node}")
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    selector: Selector,
    allowed: i64,
    /// Pods whose eviction is counted in `allowed` already.
    disrupted: BTreeSet<CompactString>,
}

impl Budget {
    /// Reads a budget.
    pub fn read(budget: &Value) -> Self {
        let status = budget.get("status");
        Self {
            selector: Selector::read(budget.at(&["spec", "selector"])),
            allowed: status
                .and_then(|status| status.int("disruptionsAllowed"))
                .unwrap_or(0),
            disrupted: status
                .into_iter()
                .flat_map(|status| status.entries("disruptedPods"))
                .map(|(name, _)| name.into())
                .collect(),
        }
    }
}

/// All budgets, by namespace and name.
#[derive(Debug, Clone, Default)]
pub struct Budgets(BTreeMap<CompactString, BTreeMap<CompactString, Budget>>);

impl Budgets {
    /// Takes over a budget, or forgets it.
    pub fn set(&mut self, namespace: &str, name: &str, budget: Option<Budget>) {
        let of_namespace = self.0.entry(namespace.into()).or_default();
        match budget {
            Some(budget) => {
                of_namespace.insert(name.into(), budget);
            }
            None => {
                of_namespace.remove(name);
            }
        }
        if of_namespace.is_empty() {
            self.0.remove(namespace);
        }
    }

    /// Splits pods into those whose removal breaks a budget and others; both keep their order, in which budgets are
    /// used up.
    fn split(&self, pods: Vec<Arc<PodInfo>>) -> (Vec<Arc<PodInfo>>, Vec<Arc<PodInfo>>) {
        let mut used: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        pods.into_iter().partition(|pod| {
            let budgets = self.0.get_key_value(&pod.namespace);
            let mut breaks = false;
            for (namespace, (name, budget)) in
                budgets.into_iter().flat_map(|(namespace, budgets)| {
                    budgets.iter().map(move |budget| (namespace, budget))
                })
            {
                // Here, unlike for evictions, a budget that selects everything concerns nothing, and none concerns a
                // pod without labels.
                let concerns = !budget.selector.is_empty()
                    && !pod.labels.is_empty()
                    && budget.selector.matches(&pod.labels)
                    && !budget.disrupted.contains(&pod.name);
                if concerns {
                    let count = used.entry((namespace.as_str(), name.as_str())).or_insert(0);
                    *count = count.saturating_add(1);
                    breaks |= *count > budget.allowed;
                }
            }
            breaks
        })
    }
}

/// A node where room can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub node: CompactString,
    /// The pods that must go, the most important first.
    pub victims: Vec<Arc<PodInfo>>,
    /// How many of them break a budget.
    pub violations: usize,
}

/// What came of the attempt.
#[derive(Debug)]
pub enum Outcome {
    /// Room can be made.
    Room(Candidate),
    /// The pod may not make others go now.
    NotEligible(&'static str),
    /// It helps nowhere.
    NoRoom(Diagnosis),
}

impl Outcome {
    /// No node was even tried.
    pub fn not_helpful(nodes: usize) -> Self {
        Self::NoRoom(Diagnosis {
            nodes,
            absent: Some("Preemption is not helpful for scheduling".to_owned()),
            ..Diagnosis::default()
        })
    }
}

/// Looks where room can be made for a pod. `potential` are the nodes that removing pods may help, `of_nominated` why the
/// node that the pod waits for was rejected.
pub fn preempt(
    cluster: &mut Cluster,
    pod: &Arc<PodInfo>,
    potential: &[Slot],
    of_nominated: Option<Code>,
    nodes: usize,
    context: Context,
) -> Outcome {
    if let Some(text) = why_not_eligible(cluster, pod, of_nominated) {
        return Outcome::NotEligible(text);
    }
    let count = potential.len();
    let wanted = (count.saturating_mul(CANDIDATES_PERCENTAGE) / 100)
        .max(CANDIDATES_MIN)
        .min(count);
    let modulus = u64::try_from(count).unwrap_or(u64::MAX);
    let start = context
        .random
        .checked_rem(modulus)
        .and_then(|start| usize::try_from(start).ok());
    let (mut violating, mut candidates) = (Vec::new(), Vec::new());
    let mut failures = Vec::new();
    for slot in potential
        .iter()
        .cycle()
        .skip(start.unwrap_or(0))
        .take(count)
    {
        match select_victims(cluster, pod, *slot, context.now) {
            Ok(candidate) if candidate.violations == 0 => candidates.push(candidate),
            Ok(candidate) => violating.push(candidate),
            Err(rejection) => failures.push(rejection),
        }
        if !candidates.is_empty() && candidates.len().saturating_add(violating.len()) >= wanted {
            break;
        }
    }
    candidates.append(&mut violating);
    match best(candidates, context.now) {
        Some(candidate) => Outcome::Room(candidate),
        None => match Outcome::not_helpful(nodes) {
            Outcome::NoRoom(diagnosis) => Outcome::NoRoom(Diagnosis {
                rejections: failures,
                ..diagnosis
            }),
            other => other,
        },
    }
}

fn why_not_eligible(
    cluster: &Cluster,
    pod: &PodInfo,
    of_nominated: Option<Code>,
) -> Option<&'static str> {
    if pod.spec.never_preempts {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let slot = cluster.slot_of(cluster.nomination_of(pod))?;
    // What removing pods does not resolve is not worth waiting for.
    if of_nominated == Some(Code::Unresolvable) {
        return None;
    }
    let pods = &cluster.node(slot)?.pods;
    let is_going = |other: &Arc<PodInfo>| other.is_preempted && other.priority() < pod.priority();
    pods.iter()
        .any(is_going)
        .then_some("not eligible due to a terminating pod on the nominated node.")
}

/// How important a pod is beside others: the less, the sooner it goes.
fn importance(pod: &PodInfo, now: Timestamp) -> (Reverse<i64>, Timestamp, &CompactString) {
    (
        Reverse(pod.priority()),
        pod.started.unwrap_or(now),
        &pod.name,
    )
}

/// Finds the smallest set of pods that must leave a node: all that are less important leave, then come back one after
/// another, the most important first and those that a budget protects before others, as long as the pod still fits.
fn select_victims(
    cluster: &mut Cluster,
    pod: &Arc<PodInfo>,
    slot: Slot,
    now: Timestamp,
) -> Result<Candidate, Rejection> {
    let node = cluster.node(slot);
    let name = node.map(|node| node.name.clone()).unwrap_or_default();
    let mut potential: Vec<Arc<PodInfo>> = node
        .filter(|node| node.has_less_than(pod.priority()))
        .into_iter()
        .flat_map(|node| &node.pods)
        .filter(|other| other.priority() < pod.priority())
        .cloned()
        .collect();
    if potential.is_empty() {
        return Err(Rejection::unresolvable(
            Plugin::NodeResourcesFit,
            Reason::Text("No preemption victims found for incoming pod"),
        ));
    }
    potential.sort_by(|one, other| importance(one, now).cmp(&importance(other, now)));
    for victim in &potential {
        cluster.detach(victim, slot);
    }
    let mut victims = Vec::new();
    let mut violations = 0_usize;
    let fits = fits(cluster, pod, slot);
    if fits.is_ok() {
        let (protected, others) = cluster.budgets.split(potential.clone());
        let protected_count = protected.len();
        for (place, candidate) in protected.into_iter().chain(others).enumerate() {
            cluster.attach(Arc::clone(&candidate), slot);
            if self::fits(cluster, pod, slot).is_err() {
                cluster.detach(&candidate, slot);
                if place < protected_count {
                    violations = violations.saturating_add(1);
                }
                victims.push(candidate);
            }
        }
    }
    let gone = if fits.is_ok() { &victims } else { &potential };
    for victim in gone {
        cluster.attach(Arc::clone(victim), slot);
    }
    fits?;
    victims.sort_by(|one, other| importance(one, now).cmp(&importance(other, now)));
    Ok(Candidate {
        node: name,
        victims,
        violations,
    })
}

/// Whether a pod fits on a node, beside the pods that wait for that node and without them.
fn fits(cluster: &mut Cluster, pod: &Arc<PodInfo>, slot: Slot) -> Result<(), Rejection> {
    let mut waiting = waiting_pods(cluster, pod);
    waiting.retain(|(place, _)| *place == slot);
    if !waiting.is_empty() {
        for (slot, other) in &waiting {
            cluster.attach(Arc::clone(other), *slot);
        }
        let fits = fits_now(cluster, pod, slot);
        for (slot, other) in &waiting {
            cluster.detach(other, *slot);
        }
        fits?;
    }
    fits_now(cluster, pod, slot)
}

fn fits_now(cluster: &mut Cluster, pod: &Arc<PodInfo>, slot: Slot) -> Result<(), Rejection> {
    let prepared = Prepared::new(cluster, pod)?;
    let verdict = prepared.filter(cluster, pod, slot);
    cluster.keep_verdicts(pod, prepared.verdicts);
    verdict
}

/// The candidate that hurts least: by broken budgets, by its most important victim, by the sum of priorities, by the
/// number of victims, by how short the most important of them have been running, by name.
fn best(candidates: Vec<Candidate>, now: Timestamp) -> Option<Candidate> {
    candidates.into_iter().min_by_key(|candidate| {
        let victims = &candidate.victims;
        let highest = victims.first().map_or(i64::MIN, |victim| victim.priority());
        // Shifted so that none is negative: more victims are never better.
        let shift = i64::from(i32::MAX).saturating_add(1);
        let sum = victims.iter().fold(0_i64, |sum, victim| {
            sum.saturating_add(victim.priority().saturating_add(shift))
        });
        let earliest = victims
            .iter()
            .filter(|victim| victim.priority() == highest)
            .map(|victim| victim.started.unwrap_or(now))
            .min();
        let node = candidate.node.clone();
        (
            candidate.violations,
            highest,
            sum,
            victims.len(),
            Reverse(earliest),
            node,
        )
    })
}
