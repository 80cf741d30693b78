//! The taints that conditions of a node call for.

use crate::driver::condition;
use tollgate_api::{Timestamp, Value};

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Conditions that taint a node when they are true.
const BY_CONDITION: [(&str, &str); 4] = [
    ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "node.kubernetes.io/disk-pressure"),
    (
        "NetworkUnavailable",
        "node.kubernetes.io/network-unavailable",
    ),
    ("PIDPressure", "node.kubernetes.io/pid-pressure"),
];

/// The taints of this controller that a node should have: key and effect.
fn called_for(node: &Value) -> Vec<(&'static str, &'static str)> {
    let none = Value::Null;
    let status = node.get("status").unwrap_or(&none);
    let mut taints = Vec::new();
    let ready = condition(status, "Ready").map(|ready| ready.str_or_empty("status"));
    let key = match ready {
        Some("False") => Some(NOT_READY),
        Some("Unknown") => Some(UNREACHABLE),
        _ => None,
    };
    taints.extend(key.map(|key| (key, "NoSchedule")));
    for (condition_type, key) in BY_CONDITION {
        let is_true = condition(status, condition_type)
            .is_some_and(|condition| condition.str("status") == Some("True"));
        taints.extend(is_true.then_some((key, "NoSchedule")));
    }
    let is_cordoned = node
        .get("spec")
        .and_then(|spec| spec.bool("unschedulable"))
        .unwrap_or_default();
    taints.extend(is_cordoned.then_some((UNSCHEDULABLE, "NoSchedule")));
    taints.extend(key.map(|key| (key, "NoExecute")));
    taints
}

/// Whether a taint is this controller's business.
fn is_ours(key: &str, effect: &str) -> bool {
    let by_readiness = [NOT_READY, UNREACHABLE].contains(&key);
    match effect {
        "NoSchedule" => {
            by_readiness
                || key == UNSCHEDULABLE
                || BY_CONDITION.iter().any(|(_, known)| *known == key)
        }
        "NoExecute" => by_readiness,
        _ => false,
    }
}

/// All taints that a node should have; none if it has them. A node that never said whether it is ready keeps what it
/// was registered with.
pub(super) fn wanted(node: &Value, now: Timestamp) -> Option<Vec<Value>> {
    let none = Value::Null;
    condition(node.get("status").unwrap_or(&none), "Ready")?;
    let given = node
        .get("spec")
        .map_or(&[][..], |spec| spec.items("taints"));
    let called_for = called_for(node);
    let is = |taint: &Value, (key, effect): (&str, &str)| {
        taint.str("key") == Some(key) && taint.str("effect") == Some(effect)
    };
    let mut taints: Vec<Value> = given
        .iter()
        .filter(|taint| {
            let ours = is_ours(taint.str_or_empty("key"), taint.str_or_empty("effect"));
            !ours || called_for.iter().any(|wanted| is(taint, *wanted))
        })
        .cloned()
        .collect();
    let mut has_changed = taints.len() != given.len();
    for (key, effect) in called_for {
        if taints.iter().any(|taint| is(taint, (key, effect))) {
            continue;
        }
        let mut taint = Value::object();
        taint.set("key", key);
        taint.set("effect", effect);
        taint.set("timeAdded", now.to_string());
        taints.push(taint);
        has_changed = true;
    }
    has_changed.then_some(taints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn check(spec: &str, conditions: &str, expected: Option<&[&str]>) {
        let node = format!(r#"{{"spec":{spec},"status":{{"conditions":[{conditions}]}}}}"#);
        let wanted = wanted(&json::from_str(&node).unwrap(), Timestamp::default());
        let shown = wanted.map(|taints| -> Vec<String> {
            let taints = taints.iter();
            taints
                .map(|taint| {
                    format!(
                        "{}:{}",
                        taint.str_or_empty("key"),
                        taint.str_or_empty("effect")
                    )
                })
                .collect()
        });
        let expected = expected.map(|taints| taints.iter().map(ToString::to_string).collect());
        assert_eq!(shown, expected, "{node}");
    }

    #[test]
    fn taints_follow_conditions_and_leave_others_alone() {
        let ready = r#"{"type":"Ready","status":"True"}"#;
        let down = r#"{"type":"Ready","status":"False"},{"type":"DiskPressure","status":"True"}"#;
        let unknown = r#"{"type":"Ready","status":"Unknown"}"#;
        let not_ready = r#"{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}"#;
        check("{}", "", None);
        check("{}", ready, None);
        check(&format!(r#"{{"taints":[{not_ready}]}}"#), "", None);
        check(
            &format!(r#"{{"taints":[{not_ready},{{"key":"a","effect":"NoExecute"}}]}}"#),
            ready,
            Some(&["a:NoExecute"]),
        );
        check(
            &format!(r#"{{"unschedulable":true,"taints":[{not_ready}]}}"#),
            down,
            Some(&[
                "node.kubernetes.io/not-ready:NoSchedule",
                "node.kubernetes.io/disk-pressure:NoSchedule",
                "node.kubernetes.io/unschedulable:NoSchedule",
                "node.kubernetes.io/not-ready:NoExecute",
            ]),
        );
        check(
            &format!(r#"{{"taints":[{not_ready}]}}"#),
            unknown,
            Some(&[
                "node.kubernetes.io/unreachable:NoSchedule",
                "node.kubernetes.io/unreachable:NoExecute",
            ]),
        );
    }
}
