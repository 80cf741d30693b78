//! Conditions of a Job.

use crate::conditions;
use crate::driver::condition;
use tollgate_api::{Timestamp, Value};

/// Why a Job ends or has ended, or another condition that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) kind: &'static str,
    pub(super) reason: String,
    pub(super) message: String,
}

pub(super) const COMPLETE: &str = "Complete";
pub(super) const FAILED: &str = "Failed";
pub(super) const SUCCESS_CRITERIA_MET: &str = "SuccessCriteriaMet";
pub(super) const FAILURE_TARGET: &str = "FailureTarget";
pub(super) const SUSPENDED: &str = "Suspended";

impl Condition {
    pub(super) fn new(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// The condition of a type that holds in a status, under another type.
    pub(super) fn found(status: &Value, kind: &str, becomes: &'static str) -> Option<Self> {
        let found = condition(status, kind).filter(|one| one.str("status") == Some("True"))?;
        let (reason, message) = (found.str_or_empty("reason"), found.str_or_empty("message"));
        Some(Self::new(becomes, reason, message))
    }

    fn to_value(&self, holds: bool, now: Timestamp) -> Value {
        let mut value = Value::object();
        value.set("type", self.kind);
        value.set("status", if holds { "True" } else { "False" });
        value.set("lastProbeTime", now.to_string());
        value.set("lastTransitionTime", now.to_string());
        for (key, text) in [("reason", &self.reason), ("message", &self.message)] {
            if !text.is_empty() {
                value.set(key, text.as_str());
            }
        }
        value
    }

    /// Puts the condition into a status. One that does not hold is only noted where it held before. Returns whether
    /// something changed.
    pub(super) fn ensure(&self, status: &mut Value, holds: bool, now: Timestamp) -> bool {
        let value = self.to_value(holds, now);
        let mut all = status.items("conditions").to_vec();
        let is_wanted = conditions::find(&all, self.kind).map_or(holds, |known| {
            let mut keys = ["status", "reason", "message"].iter();
            keys.any(|key| known.str_or_empty(key) != value.str_or_empty(key))
        });
        if !is_wanted {
            return false;
        }
        conditions::put(&mut all, value);
        status.set("conditions", all);
        true
    }
}

/// Whether a Job has ended, and how: the type of the condition that says so.
pub(crate) fn finished(job: &Value) -> Option<&'static str> {
    let status = job.get("status")?;
    let holds =
        |kind: &str| condition(status, kind).is_some_and(|one| one.str("status") == Some("True"));
    [COMPLETE, FAILED].into_iter().find(|kind| holds(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn conditions_change_only_with_what_they_say() {
        let at = Timestamp::from_unix_seconds;
        let mut status = Value::object();
        let suspended = Condition::new(SUSPENDED, "JobSuspended", "Job suspended");
        let resumed = Condition::new(SUSPENDED, "JobResumed", "Job resumed");
        assert!(!resumed.ensure(&mut status, false, at(1)));
        assert!(suspended.ensure(&mut status, true, at(2)));
        assert!(!suspended.ensure(&mut status, true, at(3)));
        assert!(resumed.ensure(&mut status, false, at(4)));
        assert_eq!(
            json::to_string(&status),
            r#"{"conditions":[{"type":"Suspended","status":"False","lastProbeTime":"1970-01-01T00:00:04Z","lastTransitionTime":"1970-01-01T00:00:04Z","reason":"JobResumed","message":"Job resumed"}]}"#
        );
    }

    #[test]
    fn a_job_has_ended_when_a_condition_says_so() {
        for (conditions, expected) in [
            (r#"{"type":"Complete","status":"True"}"#, Some(COMPLETE)),
            (r#"{"type":"Failed","status":"True"}"#, Some(FAILED)),
            (r#"{"type":"Failed","status":"False"}"#, None),
            (r#"{"type":"FailureTarget","status":"True"}"#, None),
        ] {
            let job = format!(r#"{{"status":{{"conditions":[{conditions}]}}}}"#);
            assert_eq!(finished(&json::from_str(&job).unwrap()), expected);
        }
    }
}
