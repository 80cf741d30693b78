//! Conditions in a status: which one is of a type, since when it holds, and how one takes the place of another.
//!
//! Each controller of upstream has lines of its own for this; they agree that `lastTransitionTime` changes with `status`
//! alone.

use tollgate_api::{Timestamp, Value};

/// The condition of a type in a list.
pub fn find<'v>(conditions: &'v [Value], condition_type: &str) -> Option<&'v Value> {
    let mut conditions = conditions.iter();
    conditions.find(|condition| condition.str("type") == Some(condition_type))
}

/// Since when a condition has a status that it is given now: as before if it had it before.
pub fn since(before: Option<&Value>, status: &str, now: Timestamp) -> String {
    before
        .filter(|before| before.str("status") == Some(status))
        .and_then(|before| before.str("lastTransitionTime"))
        .filter(|since| Timestamp::parse(since).is_some())
        .map_or_else(|| now.to_string(), str::to_owned)
}

/// Puts a condition in the place of the one of its type, or at the end.
pub fn put(conditions: &mut Vec<Value>, condition: Value) {
    let condition_type = condition.str_or_empty("type");
    let mut places = conditions.iter_mut();
    match places.find(|one| one.str("type") == Some(condition_type)) {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
}

/// A condition of a pod, whoever gives it.
#[derive(Debug, Clone, Copy)]
pub struct OfPod<'c> {
    /// `type`
    pub condition_type: &'c str,
    /// `status`
    pub status: &'c str,
    /// Left out if it is empty.
    pub reason: &'c str,
    /// Left out if it is empty.
    pub message: &'c str,
    /// The generation of the pod that was looked at, in releases that say it.
    pub generation: Option<i64>,
}

impl OfPod<'_> {
    /// As it stands in the status; `before` is the condition of its type that stood there.
    pub fn to_value(self, before: Option<&Value>, now: Timestamp) -> Value {
        let mut condition = Value::from_iter([("type", self.condition_type)]);
        if let Some(generation) = self.generation {
            condition.set("observedGeneration", generation);
        }
        condition.set("status", self.status);
        condition.set("lastProbeTime", Value::Null);
        condition.set("lastTransitionTime", since(before, self.status, now));
        for (key, text) in [("reason", self.reason), ("message", self.message)] {
            if !text.is_empty() {
                condition.set(key, text);
            }
        }
        condition
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn the_time_of_a_transition_is_kept_while_the_status_is() {
        let now = Timestamp::parse("2026-01-15T12:00:00Z").unwrap();
        let before =
            r#"{"type":"Ready","status":"True","lastTransitionTime":"2026-01-15T11:00:00Z"}"#;
        let before = json::from_str(before).unwrap();
        assert_eq!(since(Some(&before), "True", now), "2026-01-15T11:00:00Z");
        assert_eq!(since(Some(&before), "False", now), now.to_string());
        assert_eq!(since(None, "True", now), now.to_string());
        let broken = json::from_str(r#"{"status":"True","lastTransitionTime":"x"}"#).unwrap();
        assert_eq!(since(Some(&broken), "True", now), now.to_string());
    }

    #[test]
    fn a_condition_takes_the_place_of_the_one_of_its_type() {
        let of = |condition_type, status| {
            Value::from_iter([("type", condition_type), ("status", status)])
        };
        let mut conditions = vec![of("A", "True"), of("B", "True")];
        put(&mut conditions, of("A", "False"));
        put(&mut conditions, of("C", "True"));
        assert_eq!(
            conditions,
            [of("A", "False"), of("B", "True"), of("C", "True")]
        );
        assert_eq!(find(&conditions, "A"), Some(&of("A", "False")));
    }

    #[test]
    fn a_pods_condition_leaves_out_what_is_empty() {
        let condition = OfPod {
            condition_type: "Ready",
            status: "True",
            reason: "",
            message: "m",
            generation: Some(2),
        };
        let now = Timestamp::parse("2026-01-15T12:00:00Z").unwrap();
        assert_eq!(
            json::to_string(&condition.to_value(None, now)),
            r#"{"type":"Ready","observedGeneration":2,"status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-15T12:00:00Z","message":"m"}"#
        );
    }
}
