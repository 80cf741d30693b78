//! What a Job asks of one of its pods.

use super::policy;
use super::policy::Verdict;
use super::spec::{FINALIZER, INDEX, Spec};
use crate::driver::{Cached, Phase, condition};
use crate::pod_control;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value};

/// Counts the failures of an index before this pod that are counted.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// Counts those that a policy ignored.
pub(super) const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// A pod of a Job.
#[derive(Debug, Clone)]
pub(super) struct JobPod {
    pub(super) cached: Arc<Cached>,
    /// The index it is for.
    pub(super) index: Option<i64>,
    /// Whether it has not been counted yet.
    pub(super) is_tracked: bool,
    /// Whether it counts as failed.
    pub(super) has_failed: bool,
    /// Read only if it has not been counted and is not simply running.
    ended: Option<Ended>,
}

/// What is asked of a pod that has ended or is on its way out.
#[derive(Debug, Clone)]
struct Ended {
    finished: Timestamp,
    failures: i64,
    ignored: i64,
    verdict: Verdict,
}

impl JobPod {
    /// Looks at a pod in the cache.
    pub(super) fn of(cached: &Arc<Cached>, spec: &Spec<'_>) -> Result<Self, Status> {
        let index = cached.meta.labels.str(INDEX);
        let index = index
            .and_then(|text| text.parse().ok())
            .filter(|index| *index >= 0);
        let is_tracked = cached.meta.has_finalizer(FINALIZER);
        let phase = cached.phase();
        let is_dying = cached.meta.deleted.is_some();
        let has_failed = phase == Phase::Failed
            // A pod that is deleted may never come to fail.
            || (!spec.waits_for_end && is_dying && phase != Phase::Succeeded);
        let ended = if is_tracked && (is_dying || phase.is_terminal()) {
            Some(Ended::of(&cached.object_to_read()?, spec))
        } else {
            None
        };
        Ok(Self {
            cached: Arc::clone(cached),
            index,
            is_tracked,
            has_failed,
            ended,
        })
    }

    pub(super) fn uid(&self) -> &CompactString {
        &self.cached.meta.uid
    }

    pub(super) fn is_active(&self) -> bool {
        pod_control::is_active(&self.cached)
    }

    pub(super) fn is_terminating(&self) -> bool {
        pod_control::is_terminating(&self.cached)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.cached.pod.as_ref().is_some_and(|pod| pod.is_ready())
    }

    pub(super) fn has_succeeded(&self) -> bool {
        self.cached.phase() == Phase::Succeeded
    }

    /// How often its containers were started again, while it has not ended.
    pub(super) fn restarts(&self) -> i64 {
        let state = self.cached.pod.as_ref();
        let living = state.filter(|state| matches!(state.phase, Phase::Running | Phase::Pending));
        living
            .map(|state| state.restarts_of_all)
            .unwrap_or_default()
    }

    /// When it ended, or will have.
    pub(super) fn finished(&self) -> Timestamp {
        let created = self.cached.meta.created;
        self.ended.as_ref().map_or(created, |ended| ended.finished)
    }

    /// How many failures of its index came before it and are counted, and how many are ignored.
    pub(super) fn failures(&self) -> (i64, i64) {
        let ended = self.ended.as_ref();
        ended.map_or((0, 0), |ended| (ended.failures, ended.ignored))
    }

    /// What the policy says of its failure.
    pub(super) fn verdict(&self) -> Verdict {
        let ended = self.ended.as_ref();
        ended.map_or_else(Verdict::default, |ended| ended.verdict.clone())
    }
}

impl Ended {
    fn of(pod: &Value, spec: &Spec<'_>) -> Self {
        let count = |key| {
            let text = pod
                .at(&["metadata", "annotations", key])
                .and_then(Value::as_str);
            let number = text.and_then(|text| text.parse::<i64>().ok());
            number
                .filter(|number| (0..=i64::from(i32::MAX)).contains(number))
                .unwrap_or_default()
        };
        Self {
            finished: finished(pod),
            failures: count(FAILURES),
            ignored: count(IGNORED),
            verdict: policy::judge_failure(spec.failure_policy, pod),
        }
    }
}

/// When a pod ended: by its containers, else by its readiness, its deletion, its beginning.
fn finished(pod: &Value) -> Timestamp {
    let status = pod.get("status").unwrap_or(&Value::Null);
    let metadata = pod.get("metadata").unwrap_or(&Value::Null);
    let time = |text: Option<&str>| text.and_then(Timestamp::parse);
    let containers = status.items("containerStatuses");
    let ends: Option<Vec<Timestamp>> = containers
        .iter()
        .map(|one| time(one.at(&["state", "terminated"])?.str("finishedAt")))
        .collect();
    if let Some(end) = ends.and_then(|ends| ends.into_iter().max()) {
        return end;
    }
    let unready = condition(status, "Ready").filter(|ready| ready.str("status") == Some("False"));
    if let Some(end) = unready.and_then(|ready| time(ready.str("lastTransitionTime"))) {
        return end;
    }
    if let Some(deleted) = time(metadata.str("deletionTimestamp")) {
        let grace = metadata
            .int("deletionGracePeriodSeconds")
            .unwrap_or_default();
        return deleted.saturating_add_seconds(grace.saturating_neg());
    }
    time(metadata.str("creationTimestamp")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn the_end_of_a_pod_is_found_in_this_order() {
        let ended = |text: &str| finished(&json::from_str(text).unwrap()).to_string();
        let created = r#""creationTimestamp":"2026-01-01T00:00:00Z""#;
        let deleted =
            r#""deletionTimestamp":"2026-01-01T00:01:00Z","deletionGracePeriodSeconds":30"#;
        let unready = r#""conditions":[{"type":"Ready","status":"False","lastTransitionTime":"2026-01-01T00:02:00Z"}]"#;
        let container =
            |time: &str| format!(r#"{{"state":{{"terminated":{{"finishedAt":"{time}"}}}}}}"#);
        let (one, two) = (
            container("2026-01-01T00:03:00Z"),
            container("2026-01-01T00:04:00Z"),
        );
        assert_eq!(
            ended(&format!(r#"{{"metadata":{{{created}}}}}"#)),
            "2026-01-01T00:00:00Z"
        );
        assert_eq!(
            ended(&format!(r#"{{"metadata":{{{created},{deleted}}}}}"#)),
            "2026-01-01T00:00:30Z"
        );
        assert_eq!(
            ended(&format!(
                r#"{{"metadata":{{{created},{deleted}}},"status":{{{unready}}}}}"#
            )),
            "2026-01-01T00:02:00Z"
        );
        assert_eq!(
            ended(&format!(
                r#"{{"status":{{{unready},"containerStatuses":[{two},{one}]}}}}"#
            )),
            "2026-01-01T00:04:00Z"
        );
        assert_eq!(
            ended(&format!(
                r#"{{"status":{{{unready},"containerStatuses":[{one},{{"state":{{}}}}]}}}}"#
            )),
            "2026-01-01T00:02:00Z"
        );
    }
}
