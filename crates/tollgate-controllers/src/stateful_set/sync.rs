//! Brings one StatefulSet to where it should be.

use super::StatefulSets;
use super::act::{Acting, inspect};
use super::plan::{Plan, Situation, Step, Version, plan};
use super::pod;
use super::set::Set;
use super::status;
use crate::claim::claim;
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::Cached;
use crate::history::{self, Historian, Kept, Revision};
use crate::moment::until;
use crate::pod_control::{Owning, slow_start};
use crate::resources::{PODS, STATEFUL_SETS};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

/// The label in which a revision of a StatefulSet carries its hash.
const HASH_LABEL: &str = "controller.kubernetes.io/hash";

impl StatefulSets {
    pub(super) async fn sync(&self, cx: &Context, key: &Key) -> Outcome {
        let Some(cached) = cx.cache.get(&STATEFUL_SETS, &key.namespace, &key.name) else {
            self.refused.clear(key);
            return Ok(Requeue::No);
        };
        let owner = Owning::new(&STATEFUL_SETS, "StatefulSet", &cached);
        // Its pods go with it; nobody else is to take their places.
        if owner.is_deleted {
            self.refused.clear(key);
            return Ok(Requeue::No);
        }
        let object = cached.object()?;
        let set = Set::of(&object);
        let selector = object.at(&["spec", "selector"]).unwrap_or(&Value::Null);
        let is_member = |pod: &Cached| set.ordinal(&pod.meta.name).is_some();
        let pods = claim(cx, &owner, &PODS, selector, is_member).await?;
        let revisions = history::list(cx, &owner, selector).await?;
        let historian = Historian {
            owner: &owner,
            set: &object,
            hash_label: HASH_LABEL,
        };
        let kept = history::current(cx, historian, &revisions).await?;
        let (current, update) = versions(&object, &kept, &revisions);
        let by_ordinal = |pod: &Arc<Cached>| Some((set.ordinal(&pod.meta.name)?, Arc::clone(pod)));
        let mut situation = Situation {
            set: &set,
            pods: pods
                .iter()
                .filter_map(by_ordinal)
                .collect::<BTreeMap<_, _>>(),
            current: &current,
            update: &update,
            stale: Vec::new(),
            unfit: Vec::new(),
            now: cx.now,
        };
        inspect(cx, &owner, &mut situation)?;
        let next = plan(&situation);
        let acted = self.act(cx, key, &owner, &situation, &next).await;
        let leaving = acted.as_ref().copied().unwrap_or_default();
        let stated = tell(cx, &situation, kept.collisions, leaving).await;
        let live = live_revisions(&situation);
        let truncated = history::truncate(cx, &revisions, &live, set.history).await;
        acted?;
        stated?;
        truncated?;
        Ok(next_look(&situation))
    }

    /// Does what is planned. Returns how many pods of the old revision were deleted for the update.
    async fn act(
        &self,
        cx: &Context,
        key: &Key,
        owner: &Owning,
        situation: &Situation<'_>,
        next: &Plan,
    ) -> Result<i64, Status> {
        let acting = Acting {
            cx,
            owner,
            situation,
        };
        if next.keep.iter().any(|step| matches!(step, Step::Create(_))) {
            self.refused.attempt(key);
        } else {
            self.refused.clear(key);
        }
        for steps in [&next.keep, &next.claims, &next.shrink] {
            perform(&acting, steps).await?;
        }
        self.refused.clear(key);
        perform(&acting, &next.update).await?;
        let left = next.update.iter().filter(|step| match step {
            Step::Delete(ordinal) => {
                let pod = situation.pods.get(ordinal);
                pod.is_some_and(|pod| pod::revision(pod) == situation.current.name)
            }
            _ => false,
        });
        Ok(i64::try_from(left.count()).unwrap_or_default())
    }
}

async fn perform(acting: &Acting<'_>, steps: &[Step]) -> Result<(), Status> {
    let batch = slow_start(steps.len(), |place| async move {
        match steps.get(place) {
            Some(step) => acting.perform(step).await,
            None => Ok(()),
        }
    })
    .await;
    batch.failure.map_or(Ok(()), Err)
}

/// The version that pods had before, and the one that they get.
fn versions(set: &Value, kept: &Kept, revisions: &[Revision]) -> (Version, Version) {
    let template = set.at(&["spec", "template"]);
    let update = Version {
        name: kept.name.clone(),
        template: template.cloned().unwrap_or_default(),
    };
    let named = set
        .at(&["status", "currentRevision"])
        .and_then(Value::as_str);
    let found = revisions
        .iter()
        .find(|revision| Some(revision.name().as_str()) == named);
    let current = found.map(|revision| Version {
        name: revision.name().clone(),
        template: revision.template(),
    });
    (current.unwrap_or_else(|| update.clone()), update)
}

/// Writes the status if it differs.
async fn tell(
    cx: &Context,
    situation: &Situation<'_>,
    collisions: i64,
    leaving: i64,
) -> Result<(), Status> {
    let object = situation.set.object;
    let wanted = status::of(situation, collisions, leaving);
    if object.get("status") == Some(&wanted) {
        return Ok(());
    }
    let mut object = object.clone();
    object.set("status", wanted);
    cx.update(&STATEFUL_SETS, "status", object).await?;
    Ok(())
}

/// The revisions that are in use.
fn live_revisions(situation: &Situation<'_>) -> BTreeSet<CompactString> {
    let pods = situation.pods.values();
    let of_pods = pods.map(|pod| CompactString::new(pod::revision(pod)));
    let named = [&situation.current.name, &situation.update.name];
    of_pods.chain(named.into_iter().cloned()).collect()
}

/// When a pod will have been ready for long enough.
fn next_look(situation: &Situation<'_>) -> Requeue {
    let wait = situation.set.min_ready;
    let pods = situation.pods.values();
    let due = pods
        .filter_map(|pod| pod.pod.as_ref()?.ready_since)
        .map(|since| since.saturating_add_seconds(wait))
        .filter(|due| *due > situation.now)
        .min();
    due.map_or(Requeue::No, |due| Requeue::After(until(due, situation.now)))
}
