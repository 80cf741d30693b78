//! What the scheduler remembers, and how changes of objects get into it.

use super::cluster::{Cluster, PodKey};
use super::decide::{self, Context, Decision};
use super::filter::{VolumePlan, scheduling_gates};
use super::node::NodeFacts;
use super::pod::{DEFAULT_SCHEDULER, PodInfo};
use super::preempt::{Budget, Candidate};
use super::queue::{Change, Now, Queue};
use super::selector::Labels;
use super::volumes::{ClaimInfo, ClassInfo, VolumeInfo};
use crate::resources as known;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_api::client::GroupVersionResource;
use tollgate_api::value::CompactString;

/// A change of an object: how it is now, or that it is gone.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) resource: &'a GroupVersionResource,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) object: Option<&'a Value>,
}

/// A pod that was given a node, which its object does not show yet.
#[derive(Debug, Clone)]
struct Assumed {
    pod: Arc<PodInfo>,
    /// Volumes that were promised to its claims.
    volumes: Vec<CompactString>,
    /// Since when it is there; it may wait for its volumes.
    since: Now,
}

/// What is to be done after a decision.
#[derive(Debug)]
pub(super) enum Work {
    /// Tell the pod's node to the API.
    Bind { pod: Arc<PodInfo> },
    /// Say what is to be done about the pod's claims, which are awaited then.
    PrepareVolumes { pod: Arc<PodInfo>, plan: VolumePlan },
    /// Say why the pod has no node, and make room if that helps.
    Explain {
        pod: Arc<PodInfo>,
        message: String,
        preemption: Option<Candidate>,
        clears_nomination: bool,
        /// Less important pods that wait for the node on which room is made.
        displaced: Vec<Arc<PodInfo>>,
    },
    /// Say that the pod is not scheduled, because it is being deleted.
    Skip { pod: Arc<PodInfo> },
    /// Say that the pod's volumes did not come in time.
    GiveUp { pod: Arc<PodInfo> },
}

/// How long a pod waits for its volumes.
const VOLUMES_WAIT: Now = Now::from_mins(10);

/// Everything that is remembered.
#[derive(Debug, Default)]
pub(super) struct State {
    cluster: Cluster,
    queue: Queue,
    assumed: BTreeMap<PodKey, Assumed>,
    /// Those of them that wait for volumes.
    waiting: BTreeSet<PodKey>,
    /// Pods about which was decided since the last batch began. Two decisions about one pod are not carried out at once:
    /// what the first has to say could be written last.
    decided: BTreeSet<PodKey>,
}

impl State {
    /// Takes a change in.
    pub(super) fn take(&mut self, seen: &Seen<'_>, now: Now) {
        let resource = seen.resource;
        if *resource == known::PODS {
            self.take_pod(seen, now);
        } else if *resource == known::NODES {
            self.take_node(seen);
        } else if *resource == known::NAMESPACES {
            match seen.object {
                Some(object) => self.cluster.set_namespace(seen.name, Labels::of(object)),
                None => self.cluster.remove_namespace(seen.name),
            }
            self.queue.note(Change::Namespace);
        } else if *resource == known::POD_DISRUPTION_BUDGETS {
            let budget = seen.object.map(Budget::read);
            self.cluster.budgets.set(seen.namespace, seen.name, budget);
        } else if *resource == known::CSI_NODES {
            let limits = seen.object.map(volume_limits).unwrap_or_default();
            self.cluster.set_volume_limits(seen.name, limits);
            self.queue.note(Change::Storage);
        } else if !self.take_storage(seen) {
            self.take_selector(seen);
        }
    }

    fn take_storage(&mut self, seen: &Seen<'_>) -> bool {
        let volumes = &mut self.cluster.volumes;
        if *seen.resource == known::PERSISTENT_VOLUME_CLAIMS {
            let claim = seen.object.map(ClaimInfo::read);
            volumes.set_claim(seen.namespace, seen.name, claim);
        } else if *seen.resource == known::PERSISTENT_VOLUMES {
            volumes.set_volume(seen.name, seen.object.map(VolumeInfo::read));
        } else if *seen.resource == known::STORAGE_CLASSES {
            volumes.set_class(seen.name, seen.object.map(ClassInfo::read));
        } else {
            return false;
        }
        self.queue.note(Change::Storage);
        true
    }

    fn take_selector(&mut self, seen: &Seen<'_>) {
        let defaults = &mut self.cluster.spread_defaults;
        let kinds = [
            (&known::REPLICA_SETS, "ReplicaSet"),
            (&known::STATEFUL_SETS, "StatefulSet"),
            (&known::REPLICATION_CONTROLLERS, "ReplicationController"),
        ];
        let kind = kinds
            .iter()
            .find(|(resource, _)| *seen.resource == **resource);
        match (kind, seen.object) {
            (Some((_, kind)), Some(object)) => {
                defaults.set_controller(kind, seen.namespace, seen.name, object);
            }
            (Some((_, kind)), None) => defaults.remove_controller(kind, seen.namespace, seen.name),
            (None, Some(object)) => defaults.set_service(seen.namespace, seen.name, object),
            (None, None) => defaults.remove_service(seen.namespace, seen.name),
        }
    }

    fn take_node(&mut self, seen: &Seen<'_>) {
        let is_new = seen
            .object
            .map(|object| self.cluster.set_node(seen.name, NodeFacts::read(object)));
        if is_new.is_none() {
            self.cluster.remove_node(seen.name);
        }
        // Most changes of a node say that it is alive, and help nobody.
        if is_new != Some(false) {
            self.queue.note(Change::Node);
        }
    }

    fn take_pod(&mut self, seen: &Seen<'_>, now: Now) {
        let key: PodKey = (seen.namespace.into(), seen.name.into());
        let pod = seen
            .object
            .map(PodInfo::read)
            .filter(|pod| !pod.is_finished);
        let Some(pod) = pod else {
            self.forget(&key);
            return;
        };
        if !pod.node_name.is_empty() {
            self.take_placed(&key, pod);
            return;
        }
        if self
            .assumed
            .get(&key)
            .is_some_and(|assumed| assumed.pod.uid == pod.uid)
        {
            // It has a node already; should binding fail, it is tried again as it is now.
            let pod = self.cluster.share(pod);
            self.queue.add(&pod, now);
            return;
        }
        if self.assumed.contains_key(&key) || self.cluster.placed(&key).is_some() {
            // Another pod has come under the name.
            self.forget(&key);
        }
        let is_ours = pod.spec.scheduler_name == DEFAULT_SCHEDULER;
        if !is_ours || scheduling_gates::keeps_out(&pod) {
            self.queue.remove(&key);
            return;
        }
        let pod = self.cluster.share(pod);
        let known = self.queue.pod(&key);
        let was_nominated = known.is_some_and(|known| !known.nominated_node.is_empty());
        // An object without a nomination may only be older than the one that was just made.
        if !pod.nominated_node.is_empty() || was_nominated {
            self.cluster.nominate(&pod, &pod.nominated_node);
        }
        self.queue.add(&pod, now);
    }

    fn take_placed(&mut self, key: &PodKey, pod: PodInfo) {
        self.queue.remove(key);
        self.cluster.forget_nomination(key);
        self.end_assumption(key);
        let known = self.cluster.placed(key).cloned();
        let pod = self.cluster.share(pod);
        if known.as_ref() == Some(&pod) {
            return;
        }
        self.cluster.place(&pod);
        self.queue.note(Change::PodPlaced);
        // A pod that asks for less, or is somewhere else now, leaves room.
        if known.is_some_and(|known| known.spec != pod.spec || known.node_name != pod.node_name) {
            self.queue.note(Change::PodGone);
        }
    }

    fn forget(&mut self, key: &PodKey) {
        self.queue.remove(key);
        self.cluster.forget_nomination(key);
        self.end_assumption(key);
        if self.cluster.remove_pod(key).is_some() {
            self.queue.note(Change::PodGone);
        }
    }

    fn end_assumption(&mut self, key: &PodKey) {
        self.waiting.remove(key);
        let assumed = self.assumed.remove(key);
        for volume in assumed.iter().flat_map(|assumed| &assumed.volumes) {
            self.cluster.volumes.withdraw(volume);
        }
    }

    /// Begins a batch: all that was decided has been carried out.
    pub(super) fn begin_batch(&mut self) {
        self.decided.clear();
    }

    /// Decides about the next pod, if there is one whose turn it is.
    pub(super) fn next(&mut self, context: Context, now: Now) -> Option<Work> {
        if let Some(work) = self.next_with_volumes(now) {
            return Some(work);
        }
        let pod = self.queue.next(now, &self.decided)?;
        let key = (pod.namespace.clone(), pod.name.clone());
        self.decided.insert(key.clone());
        if pod.is_terminating {
            self.queue.remove(&key);
            return Some(Work::Skip { pod });
        }
        match decide::decide(&mut self.cluster, &pod, context) {
            Decision::Assign { node, volumes } => Some(self.assume(&pod, &node, volumes, now)),
            Decision::Wait {
                message,
                rejected_by,
                preemption,
                clears_nomination,
            } => {
                self.queue.reject(&key, rejected_by, now);
                let mut displaced = Vec::new();
                if let Some(candidate) = &preemption {
                    displaced = self.displaced_by(&pod, &candidate.node);
                    self.cluster.nominate(&pod, &candidate.node);
                } else if clears_nomination {
                    self.cluster.nominate(&pod, "");
                }
                Some(Work::Explain {
                    pod,
                    message,
                    preemption,
                    clears_nomination,
                    displaced,
                })
            }
        }
    }

    fn displaced_by(&mut self, pod: &PodInfo, node: &str) -> Vec<Arc<PodInfo>> {
        let waiting = self.cluster.nominations();
        let displaced: Vec<Arc<PodInfo>> = waiting
            .filter(|(other, waiting)| other == node && waiting.priority() < pod.priority())
            .map(|(_, waiting)| Arc::clone(waiting))
            .collect();
        for pod in &displaced {
            self.cluster.nominate(pod, "");
        }
        displaced
    }

    fn assume(&mut self, pod: &Arc<PodInfo>, node: &str, plan: VolumePlan, now: Now) -> Work {
        let key = (pod.namespace.clone(), pod.name.clone());
        let mut placed = (**pod).clone();
        placed.node_name = node.into();
        let placed = Arc::new(placed);
        self.cluster.place(&placed);
        self.cluster.forget_nomination(&key);
        self.queue.note(Change::PodPlaced);
        for (volume, claim) in &plan.bind {
            self.cluster.volumes.promise(volume, claim);
        }
        let assumed = Assumed {
            pod: Arc::clone(&placed),
            volumes: plan.bind.iter().map(|(volume, _)| volume.clone()).collect(),
            since: now,
        };
        self.assumed.insert(key.clone(), assumed);
        if plan.is_empty() {
            Work::Bind { pod: placed }
        } else {
            self.waiting.insert(key);
            Work::PrepareVolumes { pod: placed, plan }
        }
    }

    /// A pod whose volumes have come, or did not come in time.
    fn next_with_volumes(&mut self, now: Now) -> Option<Work> {
        let waits = self.waiting.iter().filter_map(|key| {
            let assumed = self.assumed.get(key)?;
            let since = assumed.since;
            let volumes = &self.cluster.volumes;
            let mut claims = assumed.pod.claims.iter();
            let is_bound = claims.all(|claim| {
                let claim = volumes.claim(&(key.0.clone(), claim.name.clone()));
                claim.is_some_and(|claim| claim.is_bound)
            });
            let is_late = now >= since.saturating_add(VOLUMES_WAIT);
            (is_bound || is_late).then(|| (key.clone(), is_bound))
        });
        let (key, is_bound) = { waits }.next()?;
        self.waiting.remove(&key);
        let pod = Arc::clone(&self.assumed.get(&key)?.pod);
        Some(if is_bound {
            Work::Bind { pod }
        } else {
            Work::GiveUp { pod }
        })
    }

    /// Takes back that a pod is on a node, and lets it be tried again.
    pub(super) fn unassume(&mut self, pod: &PodInfo, now: Now) {
        let key = (pod.namespace.clone(), pod.name.clone());
        let is_same = |assumed: &Assumed| assumed.pod.uid == pod.uid;
        if !self.assumed.get(&key).is_some_and(is_same) {
            return;
        }
        self.end_assumption(&key);
        self.cluster.remove_pod(&key);
        self.queue.note(Change::PodGone);
        self.queue.fail(&key, now);
    }

    /// Has a pod tried again for which room could not be made: nothing else may ever wake it.
    pub(super) fn retry(&mut self, pod: &PodInfo, now: Now) {
        let key = (pod.namespace.clone(), pod.name.clone());
        let is_known = self
            .queue
            .pod(&key)
            .is_some_and(|known| known.uid == pod.uid);
        if is_known && !self.assumed.contains_key(&key) {
            self.queue.fail(&key, now);
        }
    }

    /// When there is something to do next if nothing happens.
    pub(super) fn next_time(&self) -> Option<Now> {
        let waiting = self.waiting.iter().filter_map(|key| self.assumed.get(key));
        let late = waiting.map(|assumed| assumed.since.saturating_add(VOLUMES_WAIT));
        late.chain(self.queue.next_time()).min()
    }
}

fn volume_limits(csi_node: &Value) -> BTreeMap<CompactString, i64> {
    let spec = csi_node.get("spec");
    let drivers = spec.map(|spec| spec.items("drivers")).unwrap_or_default();
    let limits = drivers.iter().filter_map(|driver| {
        let count = driver.get("allocatable")?.int("count")?;
        Some((CompactString::from(driver.str_or_empty("name")), count))
    });
    limits.collect()
}
