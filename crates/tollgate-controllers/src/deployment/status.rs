//! The status of a Deployment: what its ReplicaSets have together, and how the rollout goes.

use super::conditions::{self, AVAILABLE, PROGRESSING, REPLICA_FAILURE};
use super::model::{Deployment, Set, Sets};
use crate::driver::condition;
use std::time::Duration;
use tollgate_api::{Timestamp, Value};

/// The rollout is over, and all is available.
const COMPLETE: &str = "NewReplicaSetAvailable";
/// Nothing has moved for too long.
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
/// Nobody asks whether a paused rollout moves.
const PAUSED: &str = "DeploymentPaused";

/// Notes that a rollout was paused or goes on, so that the pause does not count as lack of progress.
pub(super) fn note_pause(deployment: &mut Deployment, now: Timestamp) {
    let reason = conditions::progress_reason(&deployment.status);
    if deployment.deadline_seconds.is_none() || reason == Some(TIMED_OUT) {
        return;
    }
    let was_paused = reason == Some(PAUSED);
    let (reason, message) = match (deployment.is_paused, was_paused) {
        (true, false) => (PAUSED, "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return,
    };
    let paused = conditions::new(PROGRESSING, "Unknown", reason, message, now);
    conditions::set(&mut deployment.status, paused);
}

/// The numbers, and whether enough is available.
pub(super) fn counted(deployment: &Deployment, sets: &Sets, now: Timestamp) -> Value {
    let mut status = deployment.status.clone();
    status.set("observedGeneration", deployment.meta.generation);
    let available = sets.sum(|set| set.available);
    let wanted = sets.sum(|set| set.replicas);
    let updated = sets.new.as_ref().map_or(0, |set| set.status_replicas);
    for (key, count) in [
        ("replicas", sets.sum(|set| set.status_replicas)),
        ("updatedReplicas", updated),
        ("readyReplicas", sets.sum(|set| set.ready)),
        ("availableReplicas", available),
        (
            "unavailableReplicas",
            wanted.saturating_sub(available).max(0),
        ),
    ] {
        if count == 0 {
            status.remove(key);
        } else {
            status.set(key, count);
        }
    }
    // One that does not say how many are being deleted makes the sum unknown.
    let terminating = sets.all().try_fold(0_i64, |sum, set| {
        set.terminating.map(|count| sum.saturating_add(count))
    });
    match terminating {
        Some(count) => status.set("terminatingReplicas", count),
        None => {
            status.remove("terminatingReplicas");
        }
    }
    let needed = deployment
        .replicas
        .saturating_sub(deployment.max_unavailable);
    let condition = if available >= needed {
        let message = "Deployment has minimum availability.";
        conditions::new(AVAILABLE, "True", "MinimumReplicasAvailable", message, now)
    } else {
        let message = "Deployment does not have minimum availability.";
        conditions::new(
            AVAILABLE,
            "False",
            "MinimumReplicasUnavailable",
            message,
            now,
        )
    };
    conditions::set(&mut status, condition);
    status
}

/// The same, with how the rollout goes and what its ReplicaSets were refused.
pub(super) fn of_rollout(deployment: &Deployment, sets: &Sets, now: Timestamp) -> Value {
    let mut status = counted(deployment, sets, now);
    if deployment.deadline_seconds.is_none() {
        conditions::remove(&mut status, PROGRESSING);
    }
    let known = conditions::progress_reason(&deployment.status);
    let number = |key: &str| status.int(key).unwrap_or_default();
    let is_over = number("replicas") == number("updatedReplicas") && known == Some(COMPLETE);
    if deployment.deadline_seconds.is_some() && !is_over {
        progress(deployment, sets, &mut status, now);
    }
    match failure(sets) {
        Some(failure) => conditions::set(&mut status, failure),
        None => conditions::remove(&mut status, REPLICA_FAILURE),
    }
    status
}

fn progress(deployment: &Deployment, sets: &Sets, status: &mut Value, now: Timestamp) {
    let subject = sets.new.as_ref().map_or_else(
        || format!("Deployment \"{}\"", deployment.meta.name),
        |set| format!("ReplicaSet \"{}\"", set.name()),
    );
    let found = |status: &str, reason: &str, what: &str| {
        conditions::new(
            PROGRESSING,
            status,
            reason,
            format!("{subject} {what}"),
            now,
        )
    };
    if deployment.is_complete(status) {
        let complete = found("True", COMPLETE, "has successfully progressed.");
        conditions::set(status, complete);
    } else if has_progressed(&deployment.old_status, status) {
        let mut moved = found("True", "ReplicaSetUpdated", "is progressing.");
        // The time of the last progress changes with each, the time of the transition does not.
        if let Some(known) = condition(&deployment.status, PROGRESSING) {
            if known.str("status") == Some("True") {
                let since = known.get("lastTransitionTime").cloned();
                moved.set("lastTransitionTime", since.unwrap_or_default());
            }
            conditions::remove(status, PROGRESSING);
        }
        conditions::set(status, moved);
    } else if is_timed_out(deployment, status, now) {
        let late = found("False", TIMED_OUT, "has timed out progressing.");
        conditions::set(status, late);
    }
}

/// Whether new pods came or became available, or old ones went.
fn has_progressed(old: &Value, new: &Value) -> bool {
    let number = |status: &Value, key: &str| status.int(key).unwrap_or_default();
    let outdated = |status: &Value| {
        number(status, "replicas").saturating_sub(number(status, "updatedReplicas"))
    };
    outdated(new) < outdated(old)
        || ["updatedReplicas", "readyReplicas", "availableReplicas"]
            .iter()
            .any(|key| number(new, key) > number(old, key))
}

/// When the rollout will have stood still for too long.
fn deadline(deployment: &Deployment, status: &Value) -> Option<Timestamp> {
    let seconds = deployment.deadline_seconds?;
    let last = condition(status, PROGRESSING)?.str("lastUpdateTime")?;
    Some(Timestamp::parse(last)?.saturating_add_seconds(seconds))
}

fn is_timed_out(deployment: &Deployment, status: &Value, now: Timestamp) -> bool {
    match conditions::progress_reason(status) {
        None | Some(COMPLETE) => false,
        Some(TIMED_OUT) => true,
        Some(_) => deadline(deployment, status).is_some_and(|deadline| deadline < now),
    }
}

/// When to look again whether the rollout moves, if it is still to move.
pub(super) fn next_look(
    deployment: &Deployment,
    status: &Value,
    now: Timestamp,
) -> Option<Duration> {
    let reason = conditions::progress_reason(status)?;
    if deployment.is_complete(status) || reason == TIMED_OUT {
        return None;
    }
    let left = deadline(deployment, status)?
        .unix_seconds()
        .saturating_sub(now.unix_seconds());
    // Times are whole seconds: the deadline has passed for sure one later.
    let left = u64::try_from(left).unwrap_or_default();
    Some(Duration::from_secs(left.saturating_add(1)))
}

/// What a ReplicaSet was refused: the new one's words count first.
fn failure(sets: &Sets) -> Option<Value> {
    let of = |set: &Set| {
        let status = set.object.get("status")?;
        let known = condition(status, REPLICA_FAILURE)?;
        let mut failure = Value::object();
        for (key, from) in [
            ("type", "type"),
            ("status", "status"),
            ("lastUpdateTime", "lastTransitionTime"),
            ("lastTransitionTime", "lastTransitionTime"),
            ("reason", "reason"),
            ("message", "message"),
        ] {
            if let Some(value) = known.get(from) {
                failure.set(key, value.clone());
            }
        }
        Some(failure)
    };
    let new = sets.new.as_ref().and_then(of);
    new.or_else(|| sets.old.iter().find_map(of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::model::tests::{deployment, set};
    use tollgate_api::json;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_768_478_400 + second)
    }

    fn sets(new: (i64, i64), old: (i64, i64)) -> Sets {
        Sets {
            new: Some(set("new", new.0, new.1, None)),
            old: vec![set("old-0", old.0, old.1, None)],
        }
    }

    fn reasons(status: &Value) -> Vec<String> {
        let conditions = status.items("conditions").iter();
        let told = |condition: &Value| {
            format!(
                "{}={}",
                condition.str_or_empty("status"),
                condition.str_or_empty("reason")
            )
        };
        conditions.map(told).collect()
    }

    #[test]
    fn a_rollout_moves_on_is_over_or_is_late() {
        let mut web = deployment(3, "1", "0", 0);
        let created = conditions::new(PROGRESSING, "True", "NewReplicaSetCreated", "c", at(0));
        conditions::set(&mut web.status, created);
        let first = of_rollout(&web, &sets((3, 0), (0, 0)), at(1));
        assert_eq!(
            reasons(&first),
            ["False=MinimumReplicasUnavailable", "True=ReplicaSetUpdated"]
        );
        assert_eq!(first.int("unavailableReplicas"), Some(3));
        assert_eq!(
            next_look(&web, &first, at(1)),
            Some(Duration::from_secs(601))
        );
        web.status = first.clone();
        web.old_status = first.clone();
        assert_eq!(
            of_rollout(&web, &sets((3, 0), (0, 0)), at(601)),
            first,
            "not late yet"
        );
        let late = of_rollout(&web, &sets((3, 0), (0, 0)), at(602));
        assert_eq!(reasons(&late)[1], "False=ProgressDeadlineExceeded");
        let message = condition(&late, PROGRESSING).unwrap().str("message");
        assert_eq!(
            message,
            Some("ReplicaSet \"new\" has timed out progressing.")
        );
        assert_eq!(next_look(&web, &late, at(602)), None);
        web.status = late.clone();
        web.old_status = late;
        let over = of_rollout(&web, &sets((3, 3), (0, 0)), at(700));
        assert_eq!(
            reasons(&over),
            [
                "True=MinimumReplicasAvailable",
                "True=NewReplicaSetAvailable"
            ]
        );
        assert_eq!(next_look(&web, &over, at(700)), None);
        web.status = over.clone();
        web.old_status = over;
        let crashed = of_rollout(&web, &sets((3, 1), (0, 0)), at(9000));
        assert_eq!(
            reasons(&crashed)[0],
            "True=NewReplicaSetAvailable",
            "what is over does not become late"
        );
    }

    #[test]
    fn without_a_deadline_nobody_tells_of_progress() {
        let mut web = deployment(1, "1", "0", 0);
        web.deadline_seconds = None;
        let created = conditions::new(PROGRESSING, "True", "NewReplicaSetCreated", "c", at(0));
        conditions::set(&mut web.status, created);
        let status = of_rollout(&web, &sets((1, 0), (0, 0)), at(1));
        assert_eq!(reasons(&status), ["False=MinimumReplicasUnavailable"]);
    }

    #[test]
    fn a_pause_is_noted_once_and_never_hides_that_it_is_late() {
        let mut web = deployment(1, "1", "0", 0);
        web.is_paused = true;
        note_pause(&mut web, at(0));
        note_pause(&mut web, at(5));
        assert_eq!(reasons(&web.status), ["Unknown=DeploymentPaused"]);
        let told = condition(&web.status, PROGRESSING).unwrap();
        assert_eq!(told.str("lastUpdateTime"), Some("2026-01-15T12:00:00Z"));
        web.is_paused = false;
        note_pause(&mut web, at(9));
        assert_eq!(reasons(&web.status), ["Unknown=DeploymentResumed"]);
        let late = conditions::new(PROGRESSING, "False", TIMED_OUT, "l", at(10));
        conditions::set(&mut web.status, late);
        web.is_paused = true;
        note_pause(&mut web, at(11));
        assert_eq!(reasons(&web.status), ["False=ProgressDeadlineExceeded"]);
    }

    #[test]
    fn what_a_replica_set_was_refused_is_told_until_it_is_not() {
        let mut web = deployment(2, "1", "0", 0);
        let mut refused = sets((2, 0), (0, 0));
        let condition_of_set = r#"[{"type":"ReplicaFailure","status":"True","lastTransitionTime":"2026-01-15T11:00:00Z","reason":"FailedCreate","message":"no"}]"#;
        if let Some(new) = &mut refused.new {
            let conditions = json::from_str(condition_of_set).unwrap();
            new.object.child_mut("status").set("conditions", conditions);
        }
        let status = of_rollout(&web, &refused, at(0));
        let failure = condition(&status, REPLICA_FAILURE).unwrap();
        assert_eq!(failure.str("message"), Some("no"));
        assert_eq!(failure.str("lastUpdateTime"), Some("2026-01-15T11:00:00Z"));
        web.status = status;
        let status = of_rollout(&web, &sets((2, 0), (0, 0)), at(1));
        assert_eq!(condition(&status, REPLICA_FAILURE), None);
    }

    #[test]
    fn pods_that_are_being_deleted_are_counted_when_all_tell() {
        let web = deployment(2, "1", "0", 0);
        let mut all = sets((2, 0), (0, 0));
        assert_eq!(
            counted(&web, &all, at(0)).int("terminatingReplicas"),
            Some(0)
        );
        all.old[0].terminating = None;
        assert_eq!(counted(&web, &all, at(0)).int("terminatingReplicas"), None);
    }
}
