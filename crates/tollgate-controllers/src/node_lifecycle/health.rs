//! Whether a node still reports, and what is written about one that does not.

use super::seconds;
use crate::driver::{Meta, condition};
use std::time::Duration;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

/// How long a node may be silent.
const GRACE_SECONDS: i64 = 50;
/// How long one that has never reported may be.
const STARTUP_SECONDS: i64 = 60;
/// The conditions that a kubelet reports.
const CONDITIONS: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// What shows that a node lives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sign {
    uid: CompactString,
    /// When its lease was renewed.
    renewed: CompactString,
    /// When it reported its condition.
    reported: CompactString,
    /// How long it may be silent. A cluster of very many nodes renews leases more rarely, and says so in them.
    grace: i64,
}

impl Sign {
    pub(super) fn of(meta: &Meta, node: &Value, lease: Option<&Value>) -> Self {
        let status = node.get("status").unwrap_or(&Value::Null);
        let ready = condition(status, "Ready");
        let reported = ready.and_then(|ready| ready.str("lastHeartbeatTime"));
        let spec = lease.and_then(|lease| lease.get("spec"));
        let duration = spec.and_then(|spec| spec.int("leaseDurationSeconds"));
        let grace = if ready.is_some() {
            GRACE_SECONDS.max(duration.unwrap_or_default())
        } else {
            STARTUP_SECONDS
        };
        Self {
            uid: meta.uid.clone(),
            renewed: spec
                .map_or("", |spec| spec.str_or_empty("renewTime"))
                .into(),
            reported: reported.unwrap_or_default().into(),
            grace,
        }
    }
}

/// What was heard of a node.
#[derive(Debug, Default)]
pub(super) struct Health {
    last: Sign,
    since: Timestamp,
}

impl Health {
    /// As if something had been heard just now.
    pub(super) fn begin_anew(&mut self, now: Timestamp) {
        self.since = now;
    }

    /// Takes in a sign. For how long the node may be silent from now on; none if it has been for too long.
    pub(super) fn hear(&mut self, sign: &Sign, now: Timestamp) -> Option<Duration> {
        let is_news = self.last.uid != sign.uid
            || self.last.renewed != sign.renewed
            || self.last.reported != sign.reported;
        if is_news {
            self.since = now;
        }
        self.last = sign.clone();
        let passed = now.unix_seconds().saturating_sub(self.since.unix_seconds());
        let left = sign.grace.saturating_sub(passed);
        (left > 0).then(|| seconds(left))
    }
}

/// Writes into the status of a node that nobody knows how it is. False if that stands there.
pub(super) fn give_up(node: &mut Value, meta: &Meta, now: Timestamp) -> bool {
    let status = node.child_mut("status");
    let mut conditions = status.items("conditions").to_vec();
    let mut has_changed = false;
    for condition_type in CONDITIONS {
        let known = conditions
            .iter_mut()
            .find(|known| known.str("type") == Some(condition_type));
        if let Some(known) = known {
            if known.str("status") == Some("Unknown") {
                continue;
            }
            known.set("status", "Unknown");
            known.set("lastTransitionTime", now.to_string());
            known.set("reason", "NodeStatusUnknown");
            known.set("message", "Kubelet stopped posting node status.");
        } else {
            let mut condition = Value::object();
            condition.set("type", condition_type);
            condition.set("status", "Unknown");
            condition.set("lastHeartbeatTime", meta.created.to_string());
            condition.set("lastTransitionTime", now.to_string());
            condition.set("reason", "NodeStatusNeverUpdated");
            condition.set("message", "Kubelet never posted node status.");
            conditions.push(condition);
        }
        has_changed = true;
    }
    if has_changed {
        status.set("conditions", Value::Array(conditions));
    }
    has_changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn sign(renewed: &str, lease_seconds: i64) -> Sign {
        let node = r#"{"metadata":{"uid":"u"},"status":{"conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"h"}]}}"#;
        let node = json::from_str(node).unwrap();
        let lease = format!(
            r#"{{"spec":{{"renewTime":"{renewed}","leaseDurationSeconds":{lease_seconds}}}}}"#
        );
        Sign::of(
            &Meta::of(&node),
            &node,
            Some(&json::from_str(&lease).unwrap()),
        )
    }

    #[test]
    fn a_node_may_be_silent_for_its_grace_and_a_renewal_begins_anew() {
        let at = |second: i64| Timestamp::from_unix_seconds(1_768_478_400 + second);
        let mut health = Health::default();
        assert_eq!(health.hear(&sign("a", 40), at(0)), Some(seconds(50)));
        assert_eq!(health.hear(&sign("a", 40), at(30)), Some(seconds(20)));
        assert_eq!(health.hear(&sign("b", 40), at(40)), Some(seconds(50)));
        assert_eq!(health.hear(&sign("b", 40), at(90)), None);
        assert_eq!(health.hear(&sign("b", 200), at(100)), Some(seconds(140)));
    }

    #[test]
    fn what_is_not_known_is_written_once() {
        let now = Timestamp::from_unix_seconds(1_768_478_400);
        let mut node = json::from_str(
            r#"{"metadata":{"creationTimestamp":"2026-01-15T11:00:00Z"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#,
        )
        .unwrap();
        let meta = Meta::of(&node);
        assert!(give_up(&mut node, &meta, now));
        assert!(!give_up(&mut node, &meta, now));
        let conditions = node.get("status").unwrap().items("conditions");
        assert_eq!(conditions[0].str("reason"), Some("NodeStatusUnknown"));
        assert_eq!(conditions[3].str("reason"), Some("NodeStatusNeverUpdated"));
        assert_eq!(
            conditions[3].str("lastHeartbeatTime"),
            Some("2026-01-15T11:00:00Z")
        );
    }
}
