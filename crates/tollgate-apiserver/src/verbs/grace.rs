//! The time that pods have to end.

use super::metadata;
use super::options::DeleteOptions;
use tollgate_api::{Timestamp, Value};

/// How long a pod has to end if nobody says.
const POD_GRACE_SECONDS: i64 = 30;

/// What is left of the time of a pod that is to be deleted.
pub(super) enum Grace {
    /// The deletion is under way; nothing changes.
    Pending,
    /// The pod has that long to end.
    Given(i64),
    /// The deletion has begun in another way; the pod ends now.
    None,
}

/// Gives a pod its time to end, or shortens it.
pub(super) fn grace_of(now: Timestamp, options: &DeleteOptions, pod: &mut Value) -> Grace {
    let asked = options
        .grace_period_seconds
        .map(|seconds| if seconds < 0 { 1 } else { seconds });
    let metadata = pod.get("metadata");
    let began = metadata
        .and_then(|metadata| metadata.str("deletionTimestamp"))
        .map(str::to_owned);
    if let Some(began) = began {
        let running = metadata.and_then(|metadata| metadata.int("deletionGracePeriodSeconds"));
        // Without time left, only a change in between can have kept the pod: whoever asks next removes it.
        let Some(running) = running.filter(|seconds| *seconds > 0) else {
            return Grace::None;
        };
        let Some(asked) = asked.filter(|asked| *asked < running) else {
            return Grace::Pending;
        };
        let ends = Timestamp::parse(&began).unwrap_or(now);
        let ends = ends.saturating_add_seconds(asked.saturating_sub(running));
        set_end(pod, ends, asked);
        return Grace::Given(asked);
    }
    let spec = pod.get("spec");
    let declared = spec.and_then(|spec| spec.int("terminationGracePeriodSeconds"));
    let phase = pod.at(&["status", "phase"]).and_then(Value::as_str);
    let is_idle = spec.is_none_or(|spec| spec.str_or_empty("nodeName").is_empty())
        || matches!(phase, Some("Failed" | "Succeeded"));
    let seconds = if is_idle {
        0
    } else {
        asked.or(declared).unwrap_or(POD_GRACE_SECONDS)
    };
    let seconds = if seconds < 0 { 1 } else { seconds };
    set_end(pod, now.saturating_add_seconds(seconds), seconds);
    if pod.at(&["metadata", "generation"]).is_some() {
        metadata::raise_generation(pod);
    }
    Grace::Given(seconds)
}

/// Says until when an object has time to end, and how many seconds that is.
pub(super) fn set_end(object: &mut Value, ends: Timestamp, grace: i64) {
    let metadata = object.child_mut("metadata");
    metadata.set("deletionTimestamp", ends.to_string());
    metadata.set("deletionGracePeriodSeconds", grace);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grace(metadata: &str, asked: Option<i64>) -> Grace {
        let text = format!(r#"{{"metadata":{metadata},"spec":{{"nodeName":"n"}}}}"#);
        let mut pod = tollgate_api::json::from_str(&text).unwrap();
        let options = DeleteOptions {
            grace_period_seconds: asked,
            ..DeleteOptions::default()
        };
        grace_of(Timestamp::from_unix_seconds(0), &options, &mut pod)
    }

    #[test]
    fn a_pod_that_was_changed_between_its_mark_and_its_end_goes_with_the_next_deletion() {
        let marked =
            r#"{"deletionTimestamp":"1970-01-01T00:00:00Z","deletionGracePeriodSeconds":0}"#;
        assert!(matches!(grace(marked, None), Grace::None));
        assert!(matches!(grace(marked, Some(0)), Grace::None));
    }

    #[test]
    fn time_to_end_is_shortened_and_never_lengthened() {
        let ending =
            r#"{"deletionTimestamp":"1970-01-01T00:00:09Z","deletionGracePeriodSeconds":9}"#;
        assert!(matches!(grace(ending, None), Grace::Pending));
        assert!(matches!(grace(ending, Some(9)), Grace::Pending));
        assert!(matches!(grace(ending, Some(3)), Grace::Given(3)));
        assert!(matches!(grace("{}", Some(3)), Grace::Given(3)));
        assert!(matches!(grace("{}", None), Grace::Given(POD_GRACE_SECONDS)));
    }
}
