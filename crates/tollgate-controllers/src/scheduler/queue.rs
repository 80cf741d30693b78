//! The pods that wait to be scheduled: those whose turn it is, those that pause, and those for which something must change.
//!
//! A change in the cluster does not look at pods. It is noted by what it may help, and the pods that were rejected for
//! that come back together when the next is asked for.

use super::cluster::PodKey;
use super::pod::PodInfo;
use super::reason::{Plugin, Plugins};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The pause after a first failure; it doubles with every further one.
const BACKOFF_INITIAL: Duration = Duration::from_secs(1);
/// The longest pause.
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// After this time a pod is tried again though nothing has changed that seems to help.
const UNSCHEDULABLE_MAX: Duration = Duration::from_mins(5);
/// With no more pods than this that pause, a pause ends early when there is nothing else to do: few pods that are tried
/// often cost little, and people do not have to wait.
const EARLY_MAX: usize = 100;
/// How often pods are looked for that have waited that long.
const FLUSH_INTERVAL: Duration = Duration::from_secs(30);

/// The time since some fixed moment.
pub type Now = Duration;

/// What happened in the cluster that may help a pod that was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A node came, or a node changed.
    Node,
    /// A pod came to a node, or one there has other labels.
    PodPlaced,
    /// A pod left a node or holds less of it.
    PodGone,
    /// Something of storage changed.
    Storage,
    /// A namespace has other labels.
    Namespace,
}

impl Change {
    /// The plugins whose rejections it may resolve.
    const fn helps(self) -> Plugins {
        match self {
            Self::Node => Plugins::ALL,
            Self::PodPlaced | Self::Namespace => {
                Plugins::of(&[Plugin::PodTopologySpread, Plugin::InterPodAffinity])
            }
            Self::PodGone => Plugins::of(&[
                Plugin::NodePorts,
                Plugin::NodeResourcesFit,
                Plugin::VolumeRestrictions,
                Plugin::NodeVolumeLimits,
                Plugin::PodTopologySpread,
                Plugin::InterPodAffinity,
            ]),
            Self::Storage => Plugins::of(&[
                Plugin::VolumeRestrictions,
                Plugin::NodeVolumeLimits,
                Plugin::VolumeBinding,
                Plugin::VolumeZone,
            ]),
        }
    }
}

/// By priority, then by how long it has waited, then by name.
type Turn = (Reverse<i64>, Now, PodKey);

#[derive(Debug, Clone)]
enum Place {
    /// Its turn comes.
    Active(Turn),
    /// It pauses until then.
    Backoff(Now),
    /// Something must change.
    Unschedulable,
    /// Somebody has it.
    InFlight,
}

#[derive(Debug, Clone)]
struct Entry {
    pod: Arc<PodInfo>,
    place: Place,
    attempts: u32,
    /// When it came, or failed last.
    since: Now,
    rejected_by: Plugins,
    /// Whether it came back after an error.
    has_failed: bool,
    /// Whether the pod changed while somebody had it, so that a failure says nothing any more.
    is_stale: bool,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    entries: BTreeMap<PodKey, Entry>,
    active: BTreeSet<Turn>,
    backoff: BTreeSet<(Now, PodKey)>,
    /// By what rejected them, so that a change looks at no pod that it does not help.
    unschedulable: BTreeMap<Plugins, BTreeSet<PodKey>>,
    /// What has changed since pods were last brought back.
    changed: Plugins,
    flushed: Now,
}

impl Queue {
    /// Takes a pod, new or changed. A changed one is tried again at once, unless it pauses.
    pub fn add(&mut self, pod: &Arc<PodInfo>, now: Now) {
        let key = (pod.namespace.clone(), pod.name.clone());
        if let Some(entry) = self
            .entries
            .get_mut(&key)
            .filter(|entry| entry.pod.uid == pod.uid)
        {
            let is_stale = has_new_chances(&entry.pod, pod);
            let old_priority = entry.pod.priority();
            entry.pod = Arc::clone(pod);
            entry.is_stale |= is_stale;
            let moves = match entry.place {
                Place::Unschedulable => is_stale,
                Place::Active(_) => old_priority != pod.priority(),
                Place::Backoff(_) | Place::InFlight => false,
            };
            if moves {
                self.retry(&key, now);
            }
            return;
        }
        self.remove(&key);
        let entry = Entry {
            pod: Arc::clone(pod),
            place: Place::InFlight,
            attempts: 0,
            since: now,
            rejected_by: Plugins::NONE,
            has_failed: false,
            is_stale: false,
        };
        self.entries.insert(key.clone(), entry);
        self.activate(&key);
    }

    /// Forgets a pod.
    pub fn remove(&mut self, key: &PodKey) {
        self.take_from_place(key);
        self.entries.remove(key);
    }

    /// The pod as it is known here.
    pub fn pod(&self, key: &PodKey) -> Option<&Arc<PodInfo>> {
        self.entries.get(key).map(|entry| &entry.pod)
    }

    /// How many pods wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no pod waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Notes a change in the cluster.
    pub fn note(&mut self, change: Change) {
        self.changed = self.changed.and(change.helps());
    }

    /// The pod whose turn it is; none if it is one of `busy`. It stays known, and must be given back by [`Self::reject`],
    /// [`Self::fail`] or [`Self::remove`].
    pub fn next(&mut self, now: Now, busy: &BTreeSet<PodKey>) -> Option<Arc<PodInfo>> {
        self.bring_back(now);
        if self.active.is_empty() {
            self.end_pause_early();
        }
        if busy.contains(&self.active.first()?.2) {
            return None;
        }
        let (_, _, key) = self.active.pop_first()?;
        let entry = self.entries.get_mut(&key)?;
        entry.place = Place::InFlight;
        entry.attempts = entry.attempts.saturating_add(1);
        entry.is_stale = false;
        Some(Arc::clone(&entry.pod))
    }

    /// Gives back a pod that no node can take. If the cluster changed meanwhile it is as good as new.
    pub fn reject(&mut self, key: &PodKey, rejected_by: Plugins, now: Now) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        entry.since = now;
        entry.rejected_by = rejected_by;
        entry.has_failed = false;
        if entry.is_stale {
            self.retry(key, now);
            return;
        }
        entry.place = Place::Unschedulable;
        let alike = self.unschedulable.entry(rejected_by).or_default();
        alike.insert(key.clone());
    }

    /// Gives back a pod after an error: it is tried again after a pause.
    pub fn fail(&mut self, key: &PodKey, now: Now) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.since = now;
            entry.has_failed = true;
            self.retry(key, now);
        }
    }

    /// When there is something to do next if nothing happens: a pause ends, or pods have waited long.
    pub fn next_time(&self) -> Option<Now> {
        let pause = self.backoff.first().map(|(until, _)| *until);
        let flush =
            (!self.unschedulable.is_empty()).then(|| self.flushed.saturating_add(FLUSH_INTERVAL));
        match (pause, flush) {
            (Some(pause), Some(flush)) => Some(pause.min(flush)),
            (pause, flush) => pause.or(flush),
        }
    }

    fn bring_back(&mut self, now: Now) {
        let changed = std::mem::take(&mut self.changed);
        let is_flush = now >= self.flushed.saturating_add(FLUSH_INTERVAL);
        if is_flush {
            self.flushed = now;
        }
        if is_flush || !changed.is_empty() {
            let has_waited_long = |key: &&PodKey| {
                let entry = self.entries.get(*key);
                entry.is_some_and(|entry| now >= entry.since.saturating_add(UNSCHEDULABLE_MAX))
            };
            let mut back: Vec<PodKey> = Vec::new();
            for (rejected_by, keys) in &self.unschedulable {
                if rejected_by.overlaps(changed) {
                    back.extend(keys.iter().cloned());
                } else if is_flush {
                    back.extend(keys.iter().filter(has_waited_long).cloned());
                }
            }
            for key in back {
                self.retry(&key, now);
            }
        }
        while let Some((until, key)) = self.backoff.first().cloned() {
            if until > now {
                break;
            }
            self.backoff.pop_first();
            self.activate(&key);
        }
    }

    /// Ends the pause of the most important pod that was rejected. One that met an error pauses to the end.
    fn end_pause_early(&mut self) {
        if self.backoff.len() > EARLY_MAX {
            return;
        }
        let turns = self.backoff.iter().filter_map(|(until, key)| {
            let entry = self.entries.get(key).filter(|entry| !entry.has_failed)?;
            Some((Reverse(entry.pod.priority()), *until, key.clone()))
        });
        if let Some((_, until, key)) = turns.min() {
            self.backoff.remove(&(until, key.clone()));
            self.activate(&key);
        }
    }

    /// Brings a pod back, after its pause if that is not over.
    fn retry(&mut self, key: &PodKey, now: Now) {
        self.take_from_place(key);
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let until = entry.since.saturating_add(pause(entry.attempts));
        if entry.attempts > 0 && until > now {
            entry.place = Place::Backoff(until);
            self.backoff.insert((until, key.clone()));
        } else {
            self.activate(key);
        }
    }

    fn activate(&mut self, key: &PodKey) {
        if let Some(entry) = self.entries.get_mut(key) {
            let turn = (Reverse(entry.pod.priority()), entry.since, key.clone());
            entry.place = Place::Active(turn.clone());
            self.active.insert(turn);
        }
    }

    fn take_from_place(&mut self, key: &PodKey) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        match std::mem::replace(&mut entry.place, Place::InFlight) {
            Place::Active(turn) => {
                self.active.remove(&turn);
            }
            Place::Backoff(until) => {
                self.backoff.remove(&(until, key.clone()));
            }
            Place::Unschedulable => {
                let alike = self.unschedulable.get_mut(&entry.rejected_by);
                if let Some(alike) = alike {
                    alike.remove(key);
                    if alike.is_empty() {
                        self.unschedulable.remove(&entry.rejected_by);
                    }
                }
            }
            Place::InFlight => {}
        }
    }
}

/// How long a pod pauses that was tried so often.
fn pause(attempts: u32) -> Duration {
    let doubled = attempts.saturating_sub(1).min(8);
    BACKOFF_INITIAL
        .saturating_mul(1 << doubled)
        .min(BACKOFF_MAX)
}

/// Whether a change of a pod itself may let it find a node.
fn has_new_chances(old: &PodInfo, new: &PodInfo) -> bool {
    old.spec != new.spec
        || old.labels != new.labels
        || old.is_gated != new.is_gated
        || old.is_terminating != new.is_terminating
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn pod(name: &str, priority: i64) -> Arc<PodInfo> {
        let text = format!(
            r#"{{"metadata":{{"namespace":"n","name":"{name}","uid":"{name}"}},"spec":{{"priority":{priority}}}}}"#
        );
        Arc::new(PodInfo::read(&json::from_str(&text).unwrap()))
    }

    fn key(name: &str) -> PodKey {
        ("n".into(), name.into())
    }

    fn at(seconds: u64) -> Now {
        Duration::from_secs(seconds)
    }

    fn next(queue: &mut Queue, seconds: u64) -> Option<String> {
        let next = queue.next(at(seconds), &BTreeSet::new());
        next.map(|pod| pod.name.to_string())
    }

    const FIT: Plugins = Plugins::of(&[Plugin::NodeResourcesFit]);

    #[test]
    fn the_most_important_pod_is_first_then_the_one_that_waits_longest() {
        let mut queue = Queue::default();
        queue.add(&pod("late", 0), at(2));
        queue.add(&pod("early", 0), at(1));
        queue.add(&pod("important", 9), at(3));
        assert_eq!(next(&mut queue, 3).as_deref(), Some("important"));
        assert_eq!(next(&mut queue, 3).as_deref(), Some("early"));
        assert_eq!(next(&mut queue, 3).as_deref(), Some("late"));
        assert_eq!(next(&mut queue, 3), None);
    }

    #[test]
    fn a_rejected_pod_comes_back_when_something_changes_that_may_help_and_its_pause_is_over() {
        let mut queue = Queue::default();
        queue.add(&pod("a", 0), at(0));
        next(&mut queue, 0);
        queue.reject(&key("a"), FIT, at(0));
        queue.note(Change::Storage);
        assert_eq!(next(&mut queue, 5), None);
        queue.note(Change::PodGone);
        assert_eq!(next(&mut queue, 5).as_deref(), Some("a"));
        queue.reject(&key("a"), FIT, at(5));
        queue.note(Change::Node);
        assert_eq!(
            next(&mut queue, 5).as_deref(),
            Some("a"),
            "few pods need not pause"
        );
    }

    #[test]
    fn many_pods_that_are_rejected_pause() {
        let mut queue = Queue::default();
        let names: Vec<String> = (0..=EARLY_MAX).map(|number| format!("p{number}")).collect();
        for name in &names {
            queue.add(&pod(name, 0), at(0));
        }
        while next(&mut queue, 0).is_some() {}
        for name in &names {
            queue.reject(&key(name), FIT, at(0));
        }
        queue.note(Change::Node);
        assert_eq!(next(&mut queue, 0), None);
        assert_eq!(queue.next_time(), Some(at(1)));
        assert_eq!(next(&mut queue, 1).as_deref(), Some("p0"));
    }

    #[test]
    fn a_change_while_a_pod_is_tried_is_not_lost() {
        let mut queue = Queue::default();
        queue.add(&pod("a", 0), at(0));
        next(&mut queue, 0);
        queue.note(Change::PodGone);
        queue.reject(&key("a"), FIT, at(0));
        assert_eq!(next(&mut queue, 2).as_deref(), Some("a"));
    }

    #[test]
    fn a_pod_that_waits_for_five_minutes_is_tried_though_nothing_changed() {
        let mut queue = Queue::default();
        queue.add(&pod("a", 0), at(0));
        next(&mut queue, 0);
        queue.reject(&key("a"), FIT, at(0));
        assert_eq!(next(&mut queue, 299), None);
        assert_eq!(next(&mut queue, 330).as_deref(), Some("a"));
    }

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let seconds: Vec<u64> = (1..=6).map(|attempts| pause(attempts).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn a_pod_made_again_under_its_name_is_new() {
        let mut queue = Queue::default();
        queue.add(&pod("a", 0), at(0));
        next(&mut queue, 0);
        queue.reject(&key("a"), FIT, at(0));
        let mut other = (*pod("a", 0)).clone();
        other.uid = "b".into();
        queue.add(&Arc::new(other), at(0));
        assert_eq!(next(&mut queue, 0).as_deref(), Some("a"));
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn an_error_is_followed_by_a_pause() {
        let mut queue = Queue::default();
        queue.add(&pod("a", 0), at(0));
        next(&mut queue, 0);
        queue.fail(&key("a"), at(0));
        assert_eq!(next(&mut queue, 0), None);
        assert_eq!(next(&mut queue, 1).as_deref(), Some("a"));
    }
}
