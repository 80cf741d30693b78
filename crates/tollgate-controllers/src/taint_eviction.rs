//! taint-eviction-controller: pods leave nodes whose `NoExecute` taints they do not tolerate, or not any longer.
//!
//! Upstream: `pkg/controller/tainteviction`. As there, the time that a toleration gives begins when this controller first
//! sees the pod beside the taint.

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::events::{EventType, Reference};
use crate::pod_end::{self, Disruption};
use crate::resources::{NODES, PODS};
use crate::scheduler::taint::{Effect, Taint, Toleration};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tollgate_api::client::{Deletion, Identity, Pending};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value};

const EVICTION: Disruption = Disruption {
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
};

/// What is to become of a pod on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It stays.
    Stays,
    /// It leaves at once.
    Leaves,
    /// It leaves after that many seconds.
    LeavesAfter(i64),
}

/// A pod that is to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Planned {
    uid: CompactString,
    since: Timestamp,
    due: Timestamp,
}

#[derive(Debug, Default)]
struct State {
    /// The nodes that have such taints.
    tainted: BTreeSet<CompactString>,
    planned: BTreeMap<Key, Planned>,
}

/// The controller.
#[derive(Debug, Default)]
pub struct TaintEviction {
    state: Mutex<State>,
}

impl TaintEviction {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Controller for TaintEviction {
    fn name(&self) -> &'static str {
        "taint-eviction-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("node-controller")
    }

    fn component(&self) -> &'static str {
        "taint-eviction-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&PODS, &NODES])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&NODES) {
            let taints = |node: &Cached| taints_of(node).unwrap_or_default();
            let old = change.old.map(|old| taints(old)).unwrap_or_default();
            let new = change.new.map(|new| taints(new)).unwrap_or_default();
            let Some(node) = change.object().filter(|_| old != new) else {
                return;
            };
            let name = &node.meta.name;
            let mut state = self.lock();
            if new.is_empty() {
                state.tainted.remove(name);
            } else {
                state.tainted.insert(name.clone());
            }
            drop(state);
            for pod in cache.pods_on(name) {
                queue.add(Key::of(&pod));
            }
            return;
        }
        let Some(pod) = change.object() else {
            return;
        };
        let node = pod.pod.as_ref().map_or("", |pod| pod.node.as_str());
        let key = Key::of(pod);
        let state = self.lock();
        if state.tainted.contains(node) || state.planned.contains_key(&key) {
            queue.add(key);
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(self.look(context, key))
    }
}

impl TaintEviction {
    async fn look(&self, context: &Context, key: &Key) -> Outcome {
        let pod = context.cache.get(&PODS, &key.namespace, &key.name);
        let Some(pod) = pod.filter(|pod| pod.meta.deleted.is_none()) else {
            self.lock().planned.remove(key);
            return Ok(Requeue::No);
        };
        let node = pod.pod.as_ref().map_or("", |pod| pod.node.as_str());
        let node = context.cache.get(&NODES, "", node);
        let taints = node.map(|node| taints_of(&node)).transpose()?;
        let taints = taints.unwrap_or_default();
        let object = pod.object()?;
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let due = match fate(&taints, spec.items("tolerations")) {
            Fate::Stays => {
                if self.lock().planned.remove(key).is_some() {
                    tell(context, &pod, "Cancelling deletion of Pod");
                }
                return Ok(Requeue::No);
            }
            Fate::Leaves => context.now,
            Fate::LeavesAfter(seconds) => self.plan(key, &pod, seconds, context.now),
        };
        let left = due
            .unix_seconds()
            .saturating_sub(context.now.unix_seconds());
        if let Ok(left @ 1..) = u64::try_from(left) {
            return Ok(Requeue::After(Duration::from_secs(left)));
        }
        evict(context, &pod).await?;
        self.lock().planned.remove(key);
        Ok(Requeue::No)
    }

    /// When a pod leaves that may stay for so many seconds from when it was first seen beside a taint.
    fn plan(&self, key: &Key, pod: &Cached, seconds: i64, now: Timestamp) -> Timestamp {
        let mut state = self.lock();
        let planned = state.planned.get(key);
        let known = planned.filter(|known| known.uid == pod.meta.uid);
        let since = known.map_or(now, |known| known.since);
        let planned = Planned {
            uid: pod.meta.uid.clone(),
            since,
            due: since.saturating_add_seconds(seconds),
        };
        let due = planned.due;
        state.planned.insert(key.clone(), planned);
        due
    }
}

fn taints_of(node: &Cached) -> Result<Vec<Taint>, Status> {
    let node = node.object()?;
    let spec = node.get("spec").unwrap_or(&Value::Null);
    let taints = spec.items("taints").iter().filter_map(Taint::read);
    Ok(taints
        .filter(|taint| taint.effect == Effect::NoExecute)
        .collect())
}

/// What becomes of a pod: of the tolerations that bear the taints, the shortest counts.
fn fate(taints: &[Taint], tolerations: &[Value]) -> Fate {
    let tolerations: Vec<(Toleration, Option<i64>)> = tolerations
        .iter()
        .map(|value| (Toleration::read(value), value.int("tolerationSeconds")))
        .collect();
    let mut shortest: Option<i64> = None;
    for taint in taints {
        let mut bearing = tolerations
            .iter()
            .filter(|(bears, _)| bears.tolerates(taint));
        let Some((_, seconds)) = bearing.next() else {
            return Fate::Leaves;
        };
        if let Some(seconds) = seconds {
            shortest = Some(shortest.map_or(*seconds, |known| known.min(*seconds)));
        }
    }
    match shortest {
        None => Fate::Stays,
        Some(..=0) => Fate::Leaves,
        Some(seconds) => Fate::LeavesAfter(seconds),
    }
}

fn tell(context: &Context, pod: &Cached, what: &str) {
    let message = format!("{what} {}/{}", pod.meta.namespace, pod.meta.name);
    let about = Reference::to("v1", "Pod", pod);
    context.event(about, EventType::Normal, "TaintManagerEviction", message);
}

async fn evict(context: &Context, pod: &Cached) -> Result<(), Status> {
    tell(context, pod, "Marking for deletion Pod");
    pod_end::mark(context, pod, None, Some(EVICTION)).await?;
    let deletion = Deletion {
        uid: Some(pod.meta.uid.clone()),
        ..Deletion::default()
    };
    let deleted = context.delete(&PODS, &pod.meta.namespace, &pod.meta.name, deletion);
    pod_end::unless_gone(deleted.await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn taint(key: &str) -> Taint {
        Taint {
            key: key.into(),
            value: CompactString::default(),
            effect: Effect::NoExecute,
        }
    }

    fn check(taints: &[&str], tolerations: &str, expected: Fate) {
        let taints: Vec<Taint> = taints.iter().map(|key| taint(key)).collect();
        let tolerations = json::from_str(tolerations).unwrap();
        let fate = fate(&taints, tolerations.as_array().unwrap());
        assert_eq!(fate, expected, "{tolerations}");
    }

    #[test]
    fn the_shortest_toleration_that_is_used_counts() {
        check(&[], "[]", Fate::Stays);
        check(&["a"], "[]", Fate::Leaves);
        check(&["a"], r#"[{"operator":"Exists"}]"#, Fate::Stays);
        let both = r#"[{"key":"a","operator":"Exists","tolerationSeconds":300},
            {"key":"b","operator":"Exists","effect":"NoExecute","tolerationSeconds":60},
            {"key":"c","operator":"Exists","tolerationSeconds":1}]"#;
        check(&["a"], both, Fate::LeavesAfter(300));
        check(&["a", "b"], both, Fate::LeavesAfter(60));
        check(&["a", "d"], both, Fate::Leaves);
        let at_once = r#"[{"key":"a","operator":"Exists","tolerationSeconds":0}]"#;
        check(&["a"], at_once, Fate::Leaves);
    }
}
