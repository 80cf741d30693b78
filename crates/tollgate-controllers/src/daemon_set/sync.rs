//! Brings one DaemonSet to where it should be.

use super::plan::{Plan, Situation, plan};
use super::{DaemonSets, rolling, status, template};
use crate::claim::claim;
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::Cached;
use crate::events::EventType;
use crate::history::{self, Historian, Kept, Revision};
use crate::namespaces;
use crate::pod_control::{
    Owning, create_pod, delete_pod, pod_of_template, rehearse_pod, slow_start,
};
use crate::resources::{DAEMON_SETS, PODS};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tollgate_api::client::{PatchKind, Target};
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value, daemon_pod, label_selector};

/// How many pods are made and how many are deleted in one go.
const BURST_MAX: usize = 250;
/// What upstream says of a set that would take every pod.
const SELECTS_ALL: &str =
    "This daemon set is selecting all pods. A non-empty selector is required.";

impl DaemonSets {
    pub(super) async fn sync(&self, cx: &Context, key: &Key) -> Outcome {
        let Some(cached) = cx.cache.get(&DAEMON_SETS, &key.namespace, &key.name) else {
            self.refused.clear(key);
            return Ok(Requeue::No);
        };
        let owner = Owning::new(&DAEMON_SETS, "DaemonSet", &cached);
        let set = cached.object()?;
        let selector = set.at(&["spec", "selector"]).unwrap_or(&Value::Null);
        if label_selector::is_empty(selector) {
            owner.event(cx, EventType::Warning, "SelectingAll", SELECTS_ALL);
            return Ok(Requeue::No);
        }
        // Whoever deletes it decides what becomes of its pods and revisions.
        if owner.is_deleted {
            self.refused.clear(key);
            return Ok(Requeue::No);
        }
        let revisions = history::list(cx, &owner, selector).await?;
        let historian = Historian {
            owner: &owner,
            set: &set,
            hash_label: template::HASH_LABEL,
        };
        let kept = history::current(cx, historian, &revisions).await?;
        let pods = claim(cx, &owner, &PODS, selector, |_| true).await?;
        drop_twins(cx, &kept, &pods).await?;
        let live = live_revisions(&kept, &revisions, &pods);
        let nodes = self.nodes.all(&cx.cache)?;
        let situation = Situation::new(&cached, &set, (&nodes, pods), &kept.hash, cx.now);

        let acted = self.act(cx, key, &owner, &situation).await;
        if acted.is_ok() {
            let limit = set.at(&["spec", "revisionHistoryLimit"]);
            let limit = limit.and_then(Value::as_i64).unwrap_or(10);
            history::truncate(cx, &revisions, &live, limit).await?;
        }
        let stated = tell(cx, &situation, kept.collisions).await;
        let again = acted?;
        let settled = stated?;
        Ok(again
            .into_iter()
            .chain(settled)
            .min()
            .map_or(Requeue::No, Requeue::After))
    }

    /// Does what is planned. Returns after which time failed pods are to be looked at again.
    async fn act(
        &self,
        cx: &Context,
        key: &Key,
        owner: &Owning,
        situation: &Situation<'_>,
    ) -> Result<Option<Duration>, Status> {
        let mut next = {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            plan(situation, &mut failures)
        };
        let strategy = situation.spec("updateStrategy");
        let is_rolling =
            strategy.and_then(|strategy| strategy.str("type")) == Some("RollingUpdate");
        if next.create.is_empty() && next.delete.is_empty() && is_rolling {
            let again = next.again;
            next = rolling::plan(situation);
            next.again = again;
        }
        for (is_warning, reason, message) in &next.tell {
            let event_type = if *is_warning {
                EventType::Warning
            } else {
                EventType::Normal
            };
            owner.event(cx, event_type, reason, message.as_str());
        }
        let created = self.create(cx, key, owner, situation, &next).await;
        let deleted = delete(cx, owner, situation, &next).await;
        created.and(deleted)?;
        let seconds = next.again.and_then(|seconds| u64::try_from(seconds).ok());
        Ok(seconds.map(Duration::from_secs))
    }

    async fn create(
        &self,
        cx: &Context,
        key: &Key,
        owner: &Owning,
        situation: &Situation<'_>,
        next: &Plan,
    ) -> Result<(), Status> {
        let is_alone = situation.nodes.is_empty();
        if next.create.is_empty() && !is_alone {
            self.refused.clear(key);
            return Ok(());
        }
        self.refused.attempt(key);
        let template = template::of(situation.set, situation.hash);
        if is_alone {
            // Nobody would hear that a policy refuses the pods until there are nodes.
            let rehearsed = rehearse_pod(cx, owner, pod_of_template(owner, &template)).await;
            return self.settle(key, rehearsed.err());
        }
        let count = next.create.len().min(BURST_MAX);
        let batch = slow_start(count, |index| {
            let mut pod = pod_of_template(owner, &template);
            if let Some(node) = next.create.get(index) {
                daemon_pod::bind(pod.child_mut("spec"), node);
            }
            create_pod(cx, owner, pod)
        })
        .await;
        self.settle(key, batch.failure)
    }

    /// Notes what came of making pods: a failure is tried again.
    fn settle(&self, key: &Key, failure: Option<Status>) -> Result<(), Status> {
        match failure {
            Some(status) if !namespaces::is_ending(&status) => Err(status),
            _ => {
                self.refused.clear(key);
                Ok(())
            }
        }
    }
}

async fn delete(
    cx: &Context,
    owner: &Owning,
    situation: &Situation<'_>,
    next: &Plan,
) -> Result<(), Status> {
    let doomed: BTreeSet<&CompactString> = next.delete.iter().take(BURST_MAX).collect();
    let pods = situation.pods.values().flatten();
    let deletions = pods
        .filter(|pod| doomed.contains(&pod.meta.name))
        .map(|pod| delete_pod(cx, owner, pod));
    let mut failure = None;
    for result in join_all(deletions).await {
        failure = failure.or(result
            .err()
            .filter(|status| status.reason != Reason::NotFound));
    }
    failure.map_or(Ok(()), Err)
}

/// Further revisions of the template as it is go, after their pods have got the label of the one that stays.
async fn drop_twins(cx: &Context, kept: &Kept, pods: &[Arc<Cached>]) -> Result<(), Status> {
    for twin in &kept.twins {
        let hash = twin.hash(template::HASH_LABEL);
        let labelled = pods
            .iter()
            .filter(|pod| pod.meta.labels.str(template::HASH_LABEL) == Some(&hash));
        let patches = labelled.map(|pod| async {
            let mut patch = Value::object();
            let labels = patch.child_mut("metadata").child_mut("labels");
            labels.set(template::HASH_LABEL, kept.hash.clone());
            let target = Target::object(&PODS, &pod.meta.namespace, &pod.meta.name);
            cx.patch(target, PatchKind::Strategic, patch).await
        });
        for patched in join_all(patches).await {
            patched?;
        }
        history::drop_one(cx, &twin.cached).await?;
    }
    Ok(())
}

/// The revisions that are in use.
fn live_revisions(
    kept: &Kept,
    revisions: &[Revision],
    pods: &[Arc<Cached>],
) -> BTreeSet<CompactString> {
    let hashes: BTreeSet<&str> = pods
        .iter()
        .filter_map(|pod| pod.meta.labels.str(template::HASH_LABEL))
        .collect();
    let used = revisions
        .iter()
        .filter(|revision| hashes.contains(revision.hash(template::HASH_LABEL).as_str()));
    used.map(|revision| revision.name().clone())
        .chain([kept.name.clone()])
        .collect()
}

/// Writes the status if it differs. Returns after which time more pods may be available.
async fn tell(
    cx: &Context,
    situation: &Situation<'_>,
    collisions: i64,
) -> Result<Option<Duration>, Status> {
    let counts = status::count(situation);
    let wanted = status::of(situation.set, &counts, collisions);
    if situation.set.get("status") != Some(&wanted) {
        let mut set = situation.set.clone();
        set.set("status", wanted);
        cx.update(&DAEMON_SETS, "status", set).await?;
    }
    let wait = situation.spec("minReadySeconds").and_then(Value::as_i64);
    let wait = wait.unwrap_or_default();
    if wait <= 0 || counts.ready == counts.available {
        return Ok(None);
    }
    let pods = situation.pods.values().flatten();
    let due = pods
        .filter_map(|pod| pod.pod.as_ref()?.ready_since)
        .map(|since| since.saturating_add_seconds(wait))
        .filter(|due| *due > cx.now)
        .min();
    let seconds = due.map(|due| due.unix_seconds().saturating_sub(cx.now.unix_seconds()));
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds.max(1)).ok());
    Ok(seconds.map(Duration::from_secs))
}
