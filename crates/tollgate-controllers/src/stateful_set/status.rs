//! What a StatefulSet tells of its pods.

use super::plan::{Situation, Version};
use super::pod;
use super::set::Update;
use tollgate_api::Value;

/// The status that a set is to have; `leaving` pods of the old revision have just been deleted for the update.
pub(super) fn of(situation: &Situation<'_>, collisions: i64, leaving: i64) -> Value {
    let set = situation.set;
    let pods = || situation.pods.values();
    let count = |is: &dyn Fn(&crate::driver::Cached) -> bool| {
        i64::try_from(pods().filter(|pod| is(pod)).count()).unwrap_or(i64::MAX)
    };
    let of_version = |version: &Version| {
        count(&|pod| pod.meta.deleted.is_none() && pod::revision(pod) == version.name)
    };
    let replicas = count(&|_| true);
    let ready = count(&|pod| Situation::is_ready(pod));
    let available = count(&|pod| Situation::is_ready(pod) && situation.is_available(pod));
    let updated = of_version(situation.update);
    let mut current = of_version(situation.current).saturating_sub(leaving).max(0);
    let mut current_revision = &situation.current.name;
    let is_rolling = matches!(set.update, Update::Rolling { .. });
    if is_rolling && [updated, ready, replicas] == [set.replicas; 3] {
        current = updated;
        current_revision = &situation.update.name;
    }
    let mut status = set
        .object
        .get("status")
        .cloned()
        .unwrap_or_else(Value::object);
    status.set("replicas", replicas);
    status.set("availableReplicas", available);
    status.set("currentRevision", current_revision.clone());
    status.set("updateRevision", situation.update.name.clone());
    status.set("collisionCount", collisions);
    let generation = set.object.at(&["metadata", "generation"]);
    let generation = generation.and_then(Value::as_i64).unwrap_or_default();
    for (key, number) in [
        ("observedGeneration", generation),
        ("readyReplicas", ready),
        ("currentReplicas", current),
        ("updatedReplicas", updated),
    ] {
        if number == 0 {
            status.remove(key);
        } else {
            status.set(key, number);
        }
    }
    status
}
