//! What is to be done on each node: pods that are missing, too many, failed, or where they do not belong.

use super::backoff::Failures;
use super::node::{Fit, Node, Placement};
use super::template;
use crate::driver::{Cached, Phase};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

/// Pods by the node that they are on or are bound to.
pub(super) type ByNode = BTreeMap<CompactString, Vec<Arc<Cached>>>;

/// What a decision depends on.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    /// The set in the cache.
    pub(super) cached: &'a Cached,
    /// The set.
    pub(super) set: &'a Value,
    /// All nodes, and whether a pod belongs there.
    pub(super) nodes: Vec<(Arc<Node>, Fit)>,
    /// The pods of the set.
    pub(super) pods: ByNode,
    /// The hash of the revision of the template as it is.
    pub(super) hash: &'a str,
    /// The time.
    pub(super) now: Timestamp,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// The nodes on which a pod is to be made.
    pub(super) create: Vec<CompactString>,
    /// The pods that are to be deleted, by name.
    pub(super) delete: Vec<CompactString>,
    /// What people are to be told: whether it is a warning, the reason and the message.
    pub(super) tell: Vec<(bool, &'static str, String)>,
    /// In how many seconds failed pods are to be looked at again.
    pub(super) again: Option<i64>,
}

impl<'a> Situation<'a> {
    /// Groups pods by node and judges nodes.
    pub(super) fn new(
        cached: &'a Cached,
        set: &'a Value,
        (nodes, pods): (&[Arc<Node>], Vec<Arc<Cached>>),
        hash: &'a str,
        now: Timestamp,
    ) -> Self {
        let template = template::of(set, hash);
        let placement = Placement::of(&template);
        let judged = nodes
            .iter()
            .map(|node| (Arc::clone(node), placement.judge(node)));
        let mut by_node = ByNode::new();
        for pod in pods {
            let node = pod.pod.as_ref().map(|state| state.target.clone());
            if let Some(node) = node.filter(|node| !node.is_empty()) {
                by_node.entry(node).or_default().push(pod);
            }
        }
        for pods in by_node.values_mut() {
            // Scheduled ones first, then the oldest.
            pods.sort_by(|a, b| {
                let key = |pod: &Cached| {
                    let is_unscheduled = pod.pod.as_ref().is_none_or(|pod| pod.node.is_empty());
                    (is_unscheduled, pod.meta.created, pod.meta.name.clone())
                };
                key(a).cmp(&key(b))
            });
        }
        Self {
            nodes: judged.collect(),
            cached,
            set,
            pods: by_node,
            hash,
            now,
        }
    }

    /// The pods of a node.
    pub(super) fn pods_on(&self, node: &str) -> &[Arc<Cached>] {
        self.pods.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a pod is of the template as it is.
    pub(super) fn is_current(&self, pod: &Cached) -> bool {
        template::is_current(&pod.meta.labels, self.hash, template::generation(self.set))
    }

    /// Whether a pod has been ready for long enough.
    pub(super) fn is_available(&self, pod: &Cached) -> bool {
        let wait = self.spec("minReadySeconds").and_then(Value::as_i64);
        let wait = wait.unwrap_or_default();
        pod.pod
            .as_ref()
            .is_some_and(|pod| pod.is_available(wait, self.now))
    }

    /// A field of the spec.
    pub(super) fn spec(&self, key: &str) -> Option<&'a Value> {
        self.set.get("spec")?.get(key)
    }

    /// A parameter of the rolling update; none if pods are only replaced when somebody deletes them.
    pub(super) fn rolling(&self, key: &str) -> Option<&'a Value> {
        let strategy = self.spec("updateStrategy")?;
        let is_rolling = strategy.str("type") == Some("RollingUpdate");
        strategy
            .get("rollingUpdate")?
            .get(key)
            .filter(|_| is_rolling)
    }

    /// Whether a new pod may run beside the old one.
    pub(super) fn allows_surge(&self) -> bool {
        let surge = self.rolling("maxSurge");
        surge.is_some_and(|surge| crate::int_or_percent::scaled(surge, 100, true) > Some(0))
    }
}

fn is_living(pod: &Cached) -> bool {
    pod.meta.deleted.is_none()
}

/// Decides for all nodes.
pub(super) fn plan(situation: &Situation<'_>, failures: &mut Failures) -> Plan {
    let mut plan = Plan::default();
    for (node, fit) in &situation.nodes {
        let pods = situation.pods_on(&node.name);
        if fit.should_run && pods.is_empty() {
            plan.create.push(node.name.clone());
        } else if fit.may_stay {
            let running = sweep(situation, node, failures, &mut plan);
            thin_out(situation, (node, *fit), &running, &mut plan);
        } else {
            let living = pods.iter().filter(|pod| is_living(pod));
            plan.delete.extend(living.map(|pod| pod.meta.name.clone()));
        }
    }
    // Nobody else deletes a pod that is bound to a node which is gone, but was never scheduled.
    let nodes: BTreeSet<&str> = situation
        .nodes
        .iter()
        .map(|(node, _)| node.name.as_str())
        .collect();
    for (node, pods) in &situation.pods {
        if !nodes.contains(node.as_str()) {
            let unscheduled = pods.iter().filter(|pod| {
                is_living(pod) && pod.pod.as_ref().is_some_and(|pod| pod.node.is_empty())
            });
            plan.delete
                .extend(unscheduled.map(|pod| pod.meta.name.clone()));
        }
    }
    plan
}

/// Deletes pods of a node that have ended, and returns those that have not.
fn sweep<'s>(
    situation: &'s Situation<'_>,
    node: &Node,
    failures: &mut Failures,
    plan: &mut Plan,
) -> Vec<&'s Cached> {
    let mut running = Vec::new();
    for pod in situation.pods_on(&node.name) {
        if !is_living(pod) {
            continue;
        }
        let place = format!(
            "daemon pod {}/{} on node {}",
            pod.meta.namespace, pod.meta.name, node.name
        );
        match pod.phase() {
            Phase::Failed => {
                let observed = situation.set.at(&["status", "observedGeneration"]);
                let observed = observed.and_then(Value::as_i64).unwrap_or_default();
                let key = (
                    situation.cached.meta.uid.clone(),
                    observed,
                    node.name.clone(),
                );
                if let Some(wait) = failures.remaining(&key, situation.now) {
                    plan.again = Some(plan.again.map_or(wait, |again| again.min(wait)));
                    continue;
                }
                failures.deleted(key, situation.now);
                let message = format!("Found failed {place}, will try to kill it");
                plan.tell.push((true, "FailedDaemonPod", message));
                plan.delete.push(pod.meta.name.clone());
            }
            Phase::Succeeded => {
                let message = format!("Found succeeded {place}, will try to delete it");
                plan.tell.push((false, "SucceededDaemonPod", message));
                plan.delete.push(pod.meta.name.clone());
            }
            _ => running.push(&**pod),
        }
    }
    running
}

/// Leaves one pod on a node; two while an update surges.
fn thin_out(
    situation: &Situation<'_>,
    (node, fit): (&Node, Fit),
    running: &[&Cached],
    plan: &mut Plan,
) {
    let names = |pods: &[&Cached]| -> Vec<CompactString> {
        pods.iter().map(|pod| pod.meta.name.clone()).collect()
    };
    if !situation.allows_surge() {
        let too_many = running.get(1..).unwrap_or_default();
        plan.delete.extend(names(too_many));
        return;
    }
    if running.len() <= 1 {
        if running.is_empty() && fit.should_run {
            plan.create.push(node.name.clone());
        }
        return;
    }
    let (new, old): (Vec<&Cached>, Vec<&Cached>) = running
        .iter()
        .partition(|pod| pod.meta.labels.str(template::HASH_LABEL) == Some(situation.hash));
    plan.delete.extend(names(new.get(1..).unwrap_or_default()));
    plan.delete.extend(names(old.get(1..).unwrap_or_default()));
    if let (Some(new), Some(old)) = (new.first(), old.first()) {
        let is_ready = old.pod.as_ref().is_some_and(|pod| pod.is_ready());
        if !is_ready || situation.is_available(new) {
            plan.delete.push(old.meta.name.clone());
        }
    }
}
