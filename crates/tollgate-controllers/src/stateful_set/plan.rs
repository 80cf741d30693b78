//! What is to be done with the pods of a StatefulSet, and in which order.

use super::pod;
use super::set::{Set, Update};
use crate::driver::{Cached, Phase};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

/// A revision and its template.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) name: CompactString,
    pub(super) template: Value,
}

/// What a decision depends on.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    pub(super) set: &'a Set<'a>,
    /// The pods by ordinal.
    pub(super) pods: BTreeMap<i64, Arc<Cached>>,
    /// The revision that pods had before the update, and the one that they get.
    pub(super) current: &'a Version,
    pub(super) update: &'a Version,
    /// Ordinals whose claims are on their way out with an earlier pod.
    pub(super) stale: Vec<i64>,
    /// Ordinals whose pods or claims are not as they should be.
    pub(super) unfit: Vec<i64>,
    pub(super) now: Timestamp,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Make the pod, and its claims before it.
    Create(i64),
    /// Make claims that a pod waits for.
    CreateClaims(i64),
    /// Delete the pod.
    Delete(i64),
    /// Put labels, volumes and owners of claims right.
    Mend(i64),
    /// Put the owners of claims right.
    MendClaims(i64),
}

/// What is to be done. What stands later is done only if all before it succeeded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// With pods that should be there.
    pub(super) keep: Vec<Step>,
    /// With claims of pods that should not.
    pub(super) claims: Vec<Step>,
    /// With pods that should not.
    pub(super) shrink: Vec<Step>,
    /// With pods of an old template.
    pub(super) update: Vec<Step>,
}

impl Situation<'_> {
    fn pod(&self, ordinal: i64) -> Option<&Cached> {
        self.pods.get(&ordinal).map(|pod| &**pod)
    }

    pub(super) fn is_ready(pod: &Cached) -> bool {
        let state = pod.pod.as_ref();
        state.is_some_and(|state| state.phase == Phase::Running && state.is_ready())
    }

    pub(super) fn is_available(&self, pod: &Cached) -> bool {
        let state = pod.pod.as_ref();
        state.is_some_and(|state| state.is_available(self.set.min_ready, self.now))
    }

    /// Whether nobody can rely on a pod.
    fn is_missing(&self, ordinal: i64) -> bool {
        self.pod(ordinal).is_none_or(|pod| {
            pod.meta.deleted.is_some() || !Self::is_ready(pod) || !self.is_available(pod)
        })
    }

    /// Ordinals of pods that should not be there, the highest first.
    fn condemned(&self) -> Vec<i64> {
        let wanted = self.set.ordinals();
        let ordinals = self.pods.keys().rev().copied();
        ordinals
            .filter(|ordinal| !wanted.contains(ordinal))
            .collect()
    }

    /// The version that a new pod gets.
    pub(super) fn version(&self, ordinal: i64) -> &Version {
        let status = self.set.object.get("status");
        let replicas = status.and_then(|status| status.int("currentReplicas"));
        let place = ordinal.saturating_sub(self.set.start);
        let is_old = match self.set.update {
            Update::OnDelete => false,
            Update::Rolling {
                partition: None, ..
            } => place < replicas.unwrap_or_default(),
            Update::Rolling {
                partition: Some(partition),
                ..
            } => place < partition,
        };
        if is_old { self.current } else { self.update }
    }
}

/// Decides.
pub(super) fn plan(situation: &Situation<'_>) -> Plan {
    let mut plan = Plan::default();
    let set = situation.set;
    for ordinal in set.ordinals() {
        let goes_on = keep(situation, ordinal, &mut plan.keep);
        if !goes_on && set.is_ordered {
            return plan;
        }
    }
    let condemned = situation.condemned();
    let unfit = condemned.iter().copied();
    let unfit = unfit.filter(|ordinal| situation.unfit.contains(ordinal));
    plan.claims = unfit.map(Step::MendClaims).collect();
    if !shrink(situation, &condemned, &mut plan.shrink) {
        return plan;
    }
    plan.update = update(situation);
    plan
}

/// What is to be done with a pod that should be there. False if later ones have to wait, where there is an order.
fn keep(situation: &Situation<'_>, ordinal: i64, steps: &mut Vec<Step>) -> bool {
    let Some(pod) = situation.pod(ordinal) else {
        if !situation.stale.contains(&ordinal) {
            steps.push(Step::Create(ordinal));
        }
        return false;
    };
    let is_dying = pod.meta.deleted.is_some();
    let phase = pod.pod.as_ref().map(|pod| pod.phase).unwrap_or_default();
    // Whether it ended well or badly: it is to run for ever.
    if phase.is_terminal() {
        if !is_dying {
            steps.push(Step::Delete(ordinal));
        }
        return false;
    }
    if phase == Phase::Pending {
        steps.push(Step::CreateClaims(ordinal));
    }
    if situation.set.is_ordered && situation.is_missing(ordinal) {
        return false;
    }
    if situation.unfit.contains(&ordinal) {
        steps.push(Step::Mend(ordinal));
    }
    true
}

/// What is to be done with pods that should not be there. False if the update has to wait.
fn shrink(situation: &Situation<'_>, condemned: &[i64], steps: &mut Vec<Step>) -> bool {
    let is_dying = |ordinal: i64| {
        let pod = situation.pod(ordinal);
        pod.is_some_and(|pod| pod.meta.deleted.is_some())
    };
    if !situation.set.is_ordered {
        let living = condemned.iter().filter(|ordinal| !is_dying(**ordinal));
        steps.extend(living.copied().map(Step::Delete));
        return true;
    }
    let Some(next) = condemned.first().copied() else {
        return true;
    };
    // With one that does not work anyway, another must not go at the same time.
    let mut all = situation
        .set
        .ordinals()
        .chain(condemned.iter().rev().copied());
    let first_missing = all.find(|ordinal| situation.is_missing(*ordinal));
    if !is_dying(next) && (!situation.is_missing(next) || first_missing == Some(next)) {
        steps.push(Step::Delete(next));
    }
    false
}

/// Which pods give way to the new template.
fn update(situation: &Situation<'_>) -> Vec<Step> {
    let Update::Rolling {
        partition,
        max_unavailable,
    } = situation.set.update
    else {
        return Vec::new();
    };
    let ordinals = situation.set.ordinals();
    let missing = ordinals
        .clone()
        .filter(|ordinal| situation.is_missing(*ordinal));
    let missing = i64::try_from(missing.count()).unwrap_or(i64::MAX);
    let room = usize::try_from(max_unavailable.saturating_sub(missing)).unwrap_or_default();
    let first = situation
        .set
        .start
        .saturating_add(partition.unwrap_or_default());
    let old = ordinals
        .rev()
        .take_while(|ordinal| *ordinal >= first)
        .filter(|ordinal| {
            situation.pod(*ordinal).is_some_and(|pod| {
                pod.meta.deleted.is_none() && pod::revision(pod) != situation.update.name
            })
        });
    old.take(room).map(Step::Delete).collect()
}
