//! Probes: when they succeed, and what they say when they are made to fail.

use super::behaviour::A_MOMENT;
use crate::node::moment::SECOND;
use tollgate_api::Value;

fn seconds(probe: &Value, key: &str, default: i64) -> i64 {
    probe
        .int(key)
        .unwrap_or(default)
        .max(0)
        .saturating_mul(SECOND)
}

/// Milliseconds from the start of probing to success: the initial delay, at least a moment, and the repetitions.
pub(crate) fn success_after(probe: Option<&Value>) -> i64 {
    let Some(probe) = probe else {
        return 0;
    };
    let first = seconds(probe, "initialDelaySeconds", 0).max(A_MOMENT);
    let repeats = probe
        .int("successThreshold")
        .unwrap_or(1)
        .saturating_sub(1)
        .max(0);
    first.saturating_add(period(probe).saturating_mul(repeats))
}

/// Milliseconds that a probe fails before it has failed once too often.
pub(crate) fn failure_takes(probe: &Value) -> i64 {
    let failures = probe.int("failureThreshold").unwrap_or(3).max(1);
    period(probe).saturating_mul(failures)
}

fn period(probe: &Value) -> i64 {
    seconds(probe, "periodSeconds", 10).max(SECOND)
}

/// What a probe says that is made to fail, as its handler would.
pub(crate) fn failure(probe: Option<&Value>) -> &'static str {
    let has = |handler| probe.is_some_and(|probe| probe.get(handler).is_some());
    if has("httpGet") {
        "HTTP probe failed with statuscode: 503"
    } else if has("tcpSocket") {
        "dial tcp: connect: connection refused"
    } else if has("grpc") {
        "service unhealthy (responded with \"NOT_SERVING\")"
    } else {
        "the container is simulated and told to fail"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn success_comes_after_the_delay_and_the_repetitions() {
        let after = |text: &str| success_after(Some(&from_str(text).unwrap()));
        assert_eq!(success_after(None), 0);
        assert_eq!(after("{}"), 1_000);
        assert_eq!(after(r#"{"initialDelaySeconds":5}"#), 5_000);
        assert_eq!(
            after(r#"{"initialDelaySeconds":5,"periodSeconds":2,"successThreshold":3}"#),
            9_000
        );
    }
}
