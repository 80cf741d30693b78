//! A StatefulSet makes and deletes its pods in their order.
//!
//! Its controller goes by what it has been told, which may be old: so the pods before one are judged as the cache has them.

use super::{Circumstances, Law};
use crate::simulation::mirror::{
    Change, Mirror, controller, is_dying, is_terminal, is_true, meta, phase, uid,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use tollgate_api::{Timestamp, Value};
use tollgate_apiserver::storage::Key;
use tollgate_controllers::resources::{PODS, STATEFUL_SETS};

const WORKER: &str = "statefulset-controller";
const REVISION: &str = "controller-revision-hash";

/// One after another, and none twice.
#[derive(Debug, Default)]
pub(super) struct Ordered {
    /// Pods of each set that it has deleted and that are not gone.
    going: BTreeMap<String, BTreeSet<String>>,
}

/// A set and its pods as the controller knows them.
struct Known {
    set: Value,
    pods: BTreeMap<i64, Value>,
    now: Timestamp,
}

fn revision(pod: &Value) -> Option<&str> {
    pod.at(&["metadata", "labels", REVISION])
        .and_then(Value::as_str)
}

/// The ordinal in a pod's name, if it is the one that a set would give it.
fn ordinal(set: &str, pod: &str) -> Option<i64> {
    let number: i64 = pod.strip_prefix(set)?.strip_prefix('-')?.parse().ok()?;
    (format!("{set}-{number}") == pod).then_some(number)
}

impl Known {
    fn of(namespace: &str, owner: &Value, circumstances: Circumstances<'_>) -> Option<Self> {
        let (name, wanted) = (owner.str_or_empty("name"), owner.str_or_empty("uid"));
        let cache = circumstances.known;
        let set = cache.get(&STATEFUL_SETS, namespace, name)?;
        let set = set.object().ok().filter(|set| uid(set) == wanted)?;
        let pods = cache.controlled_by(&PODS, namespace, wanted);
        let pods = pods.iter().filter_map(|pod| pod.object().ok());
        let pods = pods.filter_map(|pod| Some((ordinal(name, meta(&pod, "name"))?, pod)));
        Some(Self {
            pods: pods.collect(),
            set,
            now: circumstances.now,
        })
    }

    fn spec(&self, path: &[&str]) -> Option<&Value> {
        self.set.get("spec")?.at(path)
    }

    fn number(&self, path: &[&str], default: i64) -> i64 {
        let number = self.spec(path).and_then(Value::as_i64);
        number.unwrap_or(default)
    }

    fn is_ordered(&self) -> bool {
        self.spec(&["podManagementPolicy"]).and_then(Value::as_str) != Some("Parallel")
    }

    fn ordinals(&self) -> Range<i64> {
        let start = self.number(&["ordinals", "start"], 0);
        start..start + self.number(&["replicas"], 1)
    }

    /// The first ordinal that gets a new template; none if nobody gets it by itself.
    fn first_updated(&self) -> Option<i64> {
        let strategy = self.spec(&["updateStrategy", "type"]);
        let partition = self.number(&["updateStrategy", "rollingUpdate", "partition"], 0);
        (strategy.and_then(Value::as_str) != Some("OnDelete"))
            .then(|| self.ordinals().start + partition)
    }

    /// Whether a pod that is made anew gets the old template. Upstream goes by how many have it if nobody has said from
    /// where on pods get the new one.
    fn is_kept_old(&self, ordinal: i64) -> bool {
        let Some(first) = self.first_updated() else {
            return false;
        };
        let current = self.set.at(&["status", "currentReplicas"]);
        let kept = match self.spec(&["updateStrategy", "rollingUpdate"]) {
            Some(_) => 0,
            None => current.and_then(Value::as_i64).unwrap_or(0),
        };
        ordinal < first + kept
    }

    /// Whether the pod of an ordinal is there and does its work, for long enough.
    fn works(&self, ordinal: i64) -> bool {
        self.pods.get(&ordinal).is_some_and(|pod| {
            let since = super::super::mirror::condition(pod, "Ready")
                .and_then(|ready| ready.str("lastTransitionTime"))
                .and_then(Timestamp::parse);
            let wait = self.number(&["minReadySeconds"], 0);
            let is_available = since.is_some_and(|since| {
                wait == 0 || since.unix_seconds() + wait <= self.now.unix_seconds()
            });
            phase(pod) == "Running" && is_true(pod, "Ready") && !is_dying(pod) && is_available
        })
    }

    fn all_work(&self, mut ordinals: impl Iterator<Item = i64>) -> Result<(), String> {
        match ordinals.find(|ordinal| !self.works(*ordinal)) {
            Some(broken) => Err(format!("{broken} is not ready")),
            None => Ok(()),
        }
    }
}

/// The newest revision of a set.
fn newest<'m>(mirror: &'m Mirror, namespace: &str, set: &Value) -> Option<&'m str> {
    let revisions = mirror.of("apps", "controllerrevisions", Some(namespace));
    let owned = revisions.filter(|(_, revision)| {
        controller(revision).is_some_and(|owner| owner.str("uid") == Some(uid(set)))
    });
    let newest = owned.max_by_key(|(_, revision)| revision.int("revision"));
    newest.map(|(key, _)| key.name())
}

/// A pod was made.
fn made(mirror: &Mirror, known: &Known, key: &Key, pod: &Value) -> Result<(), String> {
    let ordinal = ordinal(meta(&known.set, "name"), key.name());
    let wanted = known.ordinals();
    let Some(ordinal) = ordinal.filter(|ordinal| wanted.contains(ordinal)) else {
        return Err(format!("it is none of {wanted:?}"));
    };
    if known.is_ordered() {
        known.all_work(wanted.start..ordinal)?;
    }
    let newest = newest(mirror, key.namespace(), &known.set);
    let current = known.set.at(&["status", "currentRevision"]);
    let current = current.and_then(Value::as_str).filter(|current| {
        let name = Key::new("apps", "controllerrevisions", key.namespace(), current);
        mirror.objects.contains_key(&name)
    });
    let expected = if known.is_kept_old(ordinal) {
        current.or(newest)
    } else {
        newest
    };
    if revision(pod) == expected {
        return Ok(());
    }
    Err(format!("it is of another revision than {expected:?}"))
}

/// A pod was deleted.
fn deleted(mirror: &Mirror, known: &Known, key: &Key, pod: &Value) -> Result<(), String> {
    let ordinal = ordinal(meta(&known.set, "name"), key.name());
    let seen = ordinal.and_then(|ordinal| known.pods.get(&ordinal));
    let (Some(ordinal), Some(seen)) = (ordinal, seen) else {
        return Err("it is none that the controller knows".to_owned());
    };
    if uid(seen) != uid(pod) {
        return Err("another pod was meant".to_owned());
    }
    let wanted = known.ordinals();
    if !wanted.contains(&ordinal) {
        if !known.is_ordered() {
            return Ok(());
        }
        known.all_work(wanted)?;
        let highest = known.pods.keys().max();
        return if highest == Some(&ordinal) {
            Ok(())
        } else {
            Err(format!("{highest:?} goes first"))
        };
    }
    if is_terminal(seen) {
        // It is to be made anew.
        return if known.is_ordered() {
            known.all_work(wanted.start..ordinal)
        } else {
            Ok(())
        };
    }
    if known.first_updated().is_none_or(|first| ordinal < first) {
        return Err("it does not get the new template by itself".to_owned());
    }
    let newest = newest(mirror, key.namespace(), &known.set);
    if revision(seen) == newest {
        return Err("it has the new template".to_owned());
    }
    let behind =
        (ordinal + 1..wanted.end).find(|later| known.pods.get(later).and_then(revision) != newest);
    if let Some(behind) = behind {
        return Err(format!("{behind} has not got the new template yet"));
    }
    known.all_work(wanted.filter(|other| *other != ordinal))
}

impl Ordered {
    fn check(
        &mut self,
        mirror: &Mirror,
        change: &Change,
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        let pod = change.new.as_deref().or(change.old.as_deref());
        let Some((pod, owner)) = pod.and_then(|pod| Some((pod, controller(pod)?))) else {
            return Ok(());
        };
        let is_made = change.old.is_none();
        let old = change.old.as_deref().filter(|old| !is_dying(old));
        let is_deleted = old.is_some() && change.new.as_deref().is_none_or(is_dying);
        if owner.str("kind") != Some("StatefulSet") || !(is_made || is_deleted) {
            return Ok(());
        }
        let known = Known::of(change.key.namespace(), owner, circumstances);
        let Some(known) = known.filter(|known| !is_dying(&known.set)) else {
            return Err("the controller knows no such set".to_owned());
        };
        if is_made {
            return made(mirror, &known, &change.key, pod);
        }
        deleted(mirror, &known, &change.key, pod)?;
        let going = self.going.entry(uid(&known.set).to_owned()).or_default();
        going.retain(|uid| {
            let mut pods = mirror.of("", "pods", Some(change.key.namespace()));
            pods.any(|(_, pod)| super::super::mirror::uid(pod) == uid)
        });
        if known.is_ordered() && !going.is_empty() {
            return Err(format!("another one goes still: {going:?}"));
        }
        if change.new.is_some() {
            going.insert(uid(pod).to_owned());
        }
        Ok(())
    }
}

impl Law for Ordered {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        if circumstances.worker != Some(WORKER) {
            return Ok(());
        }
        for change in changes.iter().filter(|change| change.is_of("", "pods")) {
            let judged = self.check(mirror, change, circumstances);
            judged.map_err(|why| {
                let verb = if change.old.is_none() {
                    "made"
                } else {
                    "deleted"
                };
                format!("pod {} was {verb} out of order: {why}", change.key)
            })?;
        }
        Ok(())
    }
}
