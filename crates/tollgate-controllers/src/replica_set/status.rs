//! The status of a set.

use super::set::Set;
use crate::driver::{Cached, condition};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::{Status, Timestamp, Value};

/// The condition that says that pods could not be made or deleted.
const REPLICA_FAILURE: &str = "ReplicaFailure";

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Counts {
    replicas: usize,
    fully_labeled: usize,
    ready: usize,
    available: usize,
    terminating: Option<usize>,
    /// When the next pod that is ready will be available.
    pub(super) next_available: Option<Duration>,
}

/// Counts active pods.
pub(super) fn count(
    set: &Set,
    pods: &[Arc<Cached>],
    terminating: Option<usize>,
    now: Timestamp,
) -> Counts {
    let mut counts = Counts {
        replicas: pods.len(),
        terminating,
        ..Counts::default()
    };
    let labels = set.template.at(&["metadata", "labels"]);
    let labels = labels.and_then(Value::as_object);
    for pod in pods {
        let is_labeled = labels.is_none_or(|labels| {
            let mut labels = labels.iter();
            labels.all(|(key, value)| pod.meta.labels.get(key) == Some(value))
        });
        if is_labeled {
            counts.fully_labeled = counts.fully_labeled.saturating_add(1);
        }
        let Some(since) = pod.pod.as_ref().and_then(|state| state.ready_since) else {
            continue;
        };
        counts.ready = counts.ready.saturating_add(1);
        let available = since.saturating_add_seconds(set.min_ready_seconds);
        if set.min_ready_seconds == 0 || available <= now {
            counts.available = counts.available.saturating_add(1);
        } else {
            let wait = until(available, now);
            let next = counts.next_available.map_or(wait, |next| next.min(wait));
            counts.next_available = Some(next);
        }
    }
    counts
}

/// The time from now to then.
fn until(then: Timestamp, now: Timestamp) -> Duration {
    let at = |time: Timestamp| {
        let seconds = u64::try_from(time.unix_seconds()).unwrap_or_default();
        Duration::new(seconds, time.subsecond_nanos())
    };
    at(then).saturating_sub(at(now))
}

/// The status, without the generation it is about.
pub(super) fn status(
    set: &Set,
    counts: &Counts,
    failure: Option<&Status>,
    now: Timestamp,
) -> Value {
    let mut status = set.status.clone();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    status.set("replicas", number(counts.replicas));
    for (key, count) in [
        ("fullyLabeledReplicas", counts.fully_labeled),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
    ] {
        if count == 0 {
            status.remove(key);
        } else {
            status.set(key, number(count));
        }
    }
    match counts.terminating {
        Some(count) => status.set("terminatingReplicas", number(count)),
        None => {
            status.remove("terminatingReplicas");
        }
    }
    let known = condition(&status, REPLICA_FAILURE);
    match failure {
        // The first failure stands until one succeeds, as upstream.
        Some(failure) if known.is_none() => {
            let reason = if counts.replicas < set.replicas {
                "FailedCreate"
            } else {
                "FailedDelete"
            };
            let mut new = Value::object();
            new.set("type", REPLICA_FAILURE);
            new.set("status", "True");
            let now = Timestamp::from_unix_seconds(now.unix_seconds());
            new.set("lastTransitionTime", now.to_string());
            new.set("reason", reason);
            new.set("message", failure.to_string());
            let mut conditions = status.items("conditions").to_vec();
            conditions.push(new);
            status.set("conditions", conditions);
        }
        None if known.is_some() => {
            let mut conditions = status.items("conditions").to_vec();
            conditions.retain(|condition| condition.str("type") != Some(REPLICA_FAILURE));
            if conditions.is_empty() {
                status.remove("conditions");
            } else {
                status.set("conditions", conditions);
            }
        }
        _ => {}
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica_set::set;
    use tollgate_api::client::Stored;
    use tollgate_api::json;

    fn cached(json: &str, is_pod: bool) -> Arc<Cached> {
        let stored = Stored {
            json: json.as_bytes().to_vec().into(),
            revision: 1,
        };
        Arc::new(Cached::new(&stored, is_pod).unwrap())
    }

    fn a_set(status: &str) -> Set {
        let json = format!(
            r#"{{"metadata":{{"name":"web","namespace":"n","uid":"u","generation":2}},"spec":{{"replicas":3,
            "minReadySeconds":10,"selector":{{"matchLabels":{{"app":"web"}}}},
            "template":{{"metadata":{{"labels":{{"app":"web","tier":"front"}}}}}}}},"status":{status}}}"#
        );
        Set::new(&cached(&json, false), set::label_selector).unwrap()
    }

    fn pod(labels: &str, ready: Option<&str>) -> Arc<Cached> {
        let conditions = ready.map_or(String::new(), |since| {
            format!(r#"{{"type":"Ready","status":"True","lastTransitionTime":"{since}"}}"#)
        });
        let json = format!(
            r#"{{"metadata":{{"name":"p","namespace":"n","uid":"p","labels":{labels}}},
            "status":{{"phase":"Running","conditions":[{conditions}]}}}}"#
        );
        cached(&json, true)
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-01-15T12:00:10Z").unwrap()
    }

    #[test]
    fn pods_are_counted_by_labels_readiness_and_time() {
        let both = r#"{"app":"web","tier":"front"}"#;
        let pods = [
            pod(both, Some("2026-01-15T12:00:00Z")),
            pod(both, Some("2026-01-15T12:00:03Z")),
            pod(r#"{"app":"web"}"#, None),
        ];
        let set = a_set("{}");
        let counts = count(&set, &pods, Some(1), now());
        assert_eq!(counts.next_available, Some(Duration::from_secs(3)));
        let expected = r#"{"replicas":3,"fullyLabeledReplicas":2,"readyReplicas":2,"availableReplicas":1,"terminatingReplicas":1}"#;
        assert_eq!(
            status(&set, &counts, None, now()),
            json::from_str(expected).unwrap()
        );
    }

    #[test]
    fn the_first_failure_stands_until_nothing_fails() {
        let set = a_set(r#"{"replicas":0}"#);
        let counts = count(&set, &[], None, now());
        let failed = status(&set, &counts, Some(&Status::plain("no")), now());
        let expected = r#"{"replicas":0,"conditions":[{"type":"ReplicaFailure","status":"True",
            "lastTransitionTime":"2026-01-15T12:00:10Z","reason":"FailedCreate","message":"no"}]}"#;
        assert_eq!(failed, json::from_str(expected).unwrap());
        let set = a_set(&failed.to_string());
        assert_eq!(
            status(&set, &counts, Some(&Status::plain("other")), now()),
            failed
        );
        let healed = status(&set, &counts, None, now());
        assert_eq!(healed, json::from_str(r#"{"replicas":0}"#).unwrap());
    }

    #[test]
    fn too_many_pods_that_cannot_be_deleted_are_told_as_such() {
        let set = a_set("{}");
        let pods = vec![pod("{}", None); 4];
        let counts = count(&set, &pods, None, now());
        let failed = status(&set, &counts, Some(&Status::plain("no")), now());
        assert_eq!(
            condition(&failed, REPLICA_FAILURE).unwrap().str("reason"),
            Some("FailedDelete")
        );
    }
}
