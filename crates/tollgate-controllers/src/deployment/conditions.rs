//! Conditions of a Deployment: set, replaced and removed as upstream does, so that times say what they mean.

use crate::driver::condition;
use tollgate_api::{Timestamp, Value};

/// Whether enough pods are available.
pub(super) const AVAILABLE: &str = "Available";
/// Whether the rollout moves on.
pub(super) const PROGRESSING: &str = "Progressing";
/// Whether pods cannot be made or deleted.
pub(super) const REPLICA_FAILURE: &str = "ReplicaFailure";

/// A condition that was found now.
pub(super) fn new(
    condition_type: &str,
    status: &str,
    reason: &str,
    message: impl Into<String>,
    now: Timestamp,
) -> Value {
    let now = Timestamp::from_unix_seconds(now.unix_seconds()).to_string();
    let mut condition = Value::object();
    condition.set("type", condition_type);
    condition.set("status", status);
    condition.set("lastUpdateTime", now.as_str());
    condition.set("lastTransitionTime", now);
    condition.set("reason", reason);
    condition.set("message", message.into());
    condition
}

/// Sets a condition, unless one with the same status and reason is there.
pub(super) fn set(status: &mut Value, mut new: Value) {
    let condition_type = new.str_or_empty("type").to_owned();
    if let Some(known) = condition(status, &condition_type)
        && known.str("status") == new.str("status")
    {
        if known.str("reason") == new.str("reason") {
            return;
        }
        let since = known.get("lastTransitionTime").cloned();
        new.set("lastTransitionTime", since.unwrap_or_default());
    }
    remove(status, &condition_type);
    let mut conditions = status.items("conditions").to_vec();
    conditions.push(new);
    status.set("conditions", conditions);
}

/// Removes a condition.
pub(super) fn remove(status: &mut Value, condition_type: &str) {
    let mut conditions = status.items("conditions").to_vec();
    conditions.retain(|condition| condition.str("type") != Some(condition_type));
    if conditions.is_empty() {
        status.remove("conditions");
    } else {
        status.set("conditions", conditions);
    }
}

/// The reason of the condition that says whether the rollout moves on.
pub(super) fn progress_reason(status: &Value) -> Option<&str> {
    condition(status, PROGRESSING).map(|progressing| progressing.str_or_empty("reason"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_768_478_400 + second)
    }

    #[test]
    fn a_condition_changes_its_time_with_its_status_alone() {
        let mut status = Value::object();
        set(&mut status, new(PROGRESSING, "True", "A", "a", at(0)));
        set(&mut status, new(AVAILABLE, "False", "B", "b", at(1)));
        set(&mut status, new(PROGRESSING, "True", "A", "other", at(2)));
        assert_eq!(
            condition(&status, PROGRESSING).unwrap().str("message"),
            Some("a")
        );
        set(&mut status, new(PROGRESSING, "True", "C", "c", at(3)));
        let found = condition(&status, PROGRESSING).unwrap();
        assert_eq!(
            found.str("lastTransitionTime"),
            Some("2026-01-15T12:00:00Z")
        );
        assert_eq!(found.str("lastUpdateTime"), Some("2026-01-15T12:00:03Z"));
        assert_eq!(status.items("conditions")[1], *found, "it moved to the end");
        set(&mut status, new(PROGRESSING, "False", "D", "d", at(4)));
        let found = condition(&status, PROGRESSING).unwrap();
        assert_eq!(
            found.str("lastTransitionTime"),
            Some("2026-01-15T12:00:04Z")
        );
        remove(&mut status, PROGRESSING);
        remove(&mut status, AVAILABLE);
        assert_eq!(status, Value::object());
    }
}
