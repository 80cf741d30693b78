//! The taints that conditions of a node call for: those that keep pods away at once, those that make pods leave when the
//! node's zone lets it.

use crate::driver::condition;
use std::collections::BTreeSet;
use tollgate_api::{Timestamp, Value};

pub(super) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const NO_EXECUTE: &str = "NoExecute";
const NO_SCHEDULE: &str = "NoSchedule";
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

/// What a node says of itself, or what is said of it because it is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    NotReady,
    Unknown,
}

impl Readiness {
    /// That of a node; none if nothing is said.
    pub(super) fn of(node: &Value) -> Option<Self> {
        let status = node.get("status").unwrap_or(&Value::Null);
        match condition(status, "Ready")?.str_or_empty("status") {
            "True" => Some(Self::Ready),
            "False" => Some(Self::NotReady),
            "Unknown" => Some(Self::Unknown),
            _ => None,
        }
    }

    /// The key of the taint that goes with it.
    pub(super) fn taint(self) -> Option<&'static str> {
        match self {
            Self::Ready => None,
            Self::NotReady => Some(NOT_READY),
            Self::Unknown => Some(UNREACHABLE),
        }
    }
}

fn taints_of(node: &Value) -> &[Value] {
    node.get("spec").map_or(&[], |spec| spec.items("taints"))
}

/// Which taints of this controller a node has by which pods leave.
pub(super) fn no_execute(node: &Value) -> BTreeSet<&'static str> {
    let keys = [NOT_READY, UNREACHABLE].into_iter();
    keys.filter(|key| {
        taints_of(node)
            .iter()
            .any(|taint| is(taint, key, NO_EXECUTE))
    })
    .collect()
}

fn is(taint: &Value, key: &str, effect: &str) -> bool {
    taint.str("key") == Some(key) && taint.str("effect") == Some(effect)
}

/// The keys of the taints of this controller that a node should have so that no more pods come.
fn called_for(node: &Value) -> Vec<&'static str> {
    let none = Value::Null;
    let status = node.get("status").unwrap_or(&none);
    let mut taints = Vec::new();
    taints.extend(Readiness::of(node).and_then(Readiness::taint));
    for (condition_type, key) in BY_CONDITION {
        let is_true = condition(status, condition_type)
            .is_some_and(|condition| condition.str("status") == Some("True"));
        taints.extend(is_true.then_some(key));
    }
    let is_cordoned = node
        .get("spec")
        .and_then(|spec| spec.bool("unschedulable"))
        .unwrap_or_default();
    taints.extend(is_cordoned.then_some(UNSCHEDULABLE));
    taints
}

/// Whether a taint that keeps pods away is this controller's business.
fn is_ours(key: &str) -> bool {
    [NOT_READY, UNREACHABLE, UNSCHEDULABLE].contains(&key)
        || BY_CONDITION.iter().any(|(_, known)| *known == key)
}

/// All taints that a node should have, where those by which pods leave are as they are; none if it has them. A node that never
/// said whether it is ready keeps what it was registered with.
pub(super) fn wanted(node: &Value, now: Timestamp) -> Option<Vec<Value>> {
    let none = Value::Null;
    condition(node.get("status").unwrap_or(&none), "Ready")?;
    let is_ours = |taint: &Value| {
        taint.str("effect") == Some(NO_SCHEDULE) && is_ours(taint.str_or_empty("key"))
    };
    replaced(node, is_ours, &called_for(node), NO_SCHEDULE, now)
}

/// All taints of a node of which that one, and no other of this controller's, makes pods leave; none if it has them.
pub(super) fn with_no_execute(
    node: &Value,
    key: Option<&'static str>,
    now: Timestamp,
) -> Option<Vec<Value>> {
    let is_ours =
        |taint: &Value| is(taint, NOT_READY, NO_EXECUTE) || is(taint, UNREACHABLE, NO_EXECUTE);
    let keys: Vec<&str> = key.into_iter().collect();
    replaced(node, is_ours, &keys, NO_EXECUTE, now)
}

/// The taints of a node, where those that are ours are those of `keys`; none if they are.
fn replaced(
    node: &Value,
    is_ours: impl Fn(&Value) -> bool,
    keys: &[&'static str],
    effect: &'static str,
    now: Timestamp,
) -> Option<Vec<Value>> {
    let given = taints_of(node);
    let is_wanted = |taint: &Value| keys.iter().any(|key| is(taint, key, effect));
    let kept = given
        .iter()
        .filter(|taint| !is_ours(taint) || is_wanted(taint));
    let mut taints: Vec<Value> = kept.cloned().collect();
    let mut has_changed = taints.len() != given.len();
    for key in keys {
        if taints.iter().any(|taint| is(taint, key, effect)) {
            continue;
        }
        let mut taint = Value::object();
        taint.set("key", *key);
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
            ]),
        );
        check(
            &format!(r#"{{"taints":[{not_ready}]}}"#),
            unknown,
            Some(&["node.kubernetes.io/unreachable:NoSchedule"]),
        );
    }

    #[test]
    fn of_two_taints_by_which_pods_leave_a_node_has_one() {
        let node = |taints: &str| {
            json::from_str(&format!(r#"{{"spec":{{"taints":[{taints}]}}}}"#)).unwrap()
        };
        let not_ready = r#"{"key":"node.kubernetes.io/not-ready","effect":"NoExecute"}"#;
        let own = r#"{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}"#;
        let tainted = node(&format!("{own},{not_ready}"));
        assert_eq!(no_execute(&tainted), BTreeSet::from([NOT_READY]));
        assert_eq!(no_execute(&node(own)), BTreeSet::new());
        let now = Timestamp::default();
        assert_eq!(with_no_execute(&tainted, Some(NOT_READY), now), None);
        let swapped = with_no_execute(&tainted, Some(UNREACHABLE), now).unwrap();
        assert_eq!(swapped.len(), 2);
        assert!(is(&swapped[1], UNREACHABLE, NO_EXECUTE));
        let cleared = with_no_execute(&tainted, None, now).unwrap();
        assert_eq!(cleared, [json::from_str(own).unwrap()]);
    }
}
