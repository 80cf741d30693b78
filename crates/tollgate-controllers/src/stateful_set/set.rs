//! What a StatefulSet asks for, and the names of its pods and claims.

use crate::int_or_percent::scaled;
use tollgate_api::Value;

/// The label that names the revision of a pod.
pub(super) const REVISION: &str = "controller-revision-hash";
/// The label that names the pod itself.
pub(super) const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
/// The label that numbers the pod.
pub(super) const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// What becomes of claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Retention {
    /// They go with the set.
    pub(super) deleted_with_set: bool,
    /// They go with a pod that is scaled down.
    pub(super) deleted_with_pod: bool,
}

/// When pods get a new template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Update {
    /// When somebody deletes them.
    OnDelete,
    /// One after another.
    Rolling {
        /// The first ordinal, counted from the start, that does; none if the strategy has no parameters.
        partition: Option<i64>,
        /// How many may be missing at once.
        max_unavailable: i64,
    },
}

/// A StatefulSet.
#[derive(Debug, Clone)]
pub(super) struct Set<'s> {
    pub(super) object: &'s Value,
    pub(super) name: &'s str,
    pub(super) replicas: i64,
    pub(super) start: i64,
    /// Whether pods are made and deleted one after another.
    pub(super) is_ordered: bool,
    pub(super) update: Update,
    pub(super) min_ready: i64,
    pub(super) retention: Retention,
    pub(super) claims: &'s [Value],
    pub(super) service: &'s str,
    pub(super) history: i64,
}

impl<'s> Set<'s> {
    /// Reads a set.
    pub(super) fn of(object: &'s Value) -> Self {
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let replicas = spec.int("replicas").unwrap_or(1);
        let retention = spec.get("persistentVolumeClaimRetentionPolicy");
        let deletes = |key| retention.and_then(|policy| policy.str(key)) == Some("Delete");
        let name = object.at(&["metadata", "name"]).and_then(Value::as_str);
        Self {
            object,
            name: name.unwrap_or_default(),
            replicas,
            start: spec
                .get("ordinals")
                .and_then(|ordinals| ordinals.int("start"))
                .unwrap_or_default(),
            is_ordered: spec.str("podManagementPolicy") != Some("Parallel"),
            update: update(spec, replicas),
            min_ready: spec.int("minReadySeconds").unwrap_or_default(),
            retention: Retention {
                deleted_with_set: deletes("whenDeleted"),
                deleted_with_pod: deletes("whenScaled"),
            },
            claims: spec.items("volumeClaimTemplates"),
            service: spec.str_or_empty("serviceName"),
            history: spec.int("revisionHistoryLimit").unwrap_or(10),
        }
    }

    /// The ordinals of the pods that there should be.
    pub(super) fn ordinals(&self) -> std::ops::Range<i64> {
        self.start..self.start.saturating_add(self.replicas)
    }

    /// The ordinal of a pod by its name; none if it is none of this set's.
    pub(super) fn ordinal(&self, pod: &str) -> Option<i64> {
        let (parent, number) = pod.rsplit_once('-')?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse::<i32>().ok().filter(|_| is_number)?;
        (parent == self.name).then(|| i64::from(number))
    }

    /// The name of the pod with that ordinal.
    pub(super) fn pod_name(&self, ordinal: i64) -> String {
        format!("{}-{ordinal}", self.name)
    }

    /// The name of a pod's claim of a template.
    pub(super) fn claim_name(&self, template: &Value, ordinal: i64) -> String {
        let claim = template.at(&["metadata", "name"]).and_then(Value::as_str);
        format!("{}-{}-{ordinal}", claim.unwrap_or_default(), self.name)
    }
}

fn update(spec: &Value, replicas: i64) -> Update {
    let strategy = spec.get("updateStrategy").unwrap_or(&Value::Null);
    if strategy.str("type") == Some("OnDelete") {
        return Update::OnDelete;
    }
    let rolling = strategy.get("rollingUpdate");
    let unavailable = rolling.and_then(|rolling| rolling.get("maxUnavailable"));
    let unavailable = unavailable.and_then(|value| scaled(value, replicas, false));
    Update::Rolling {
        partition: rolling.map(|rolling| rolling.int("partition").unwrap_or_default()),
        // A small share of few pods is none; the update would never begin.
        max_unavailable: unavailable.unwrap_or(1).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn ordinals_are_read_from_names() {
        let object = json::from_str(r#"{"metadata":{"name":"web-a"}}"#).unwrap();
        let set = Set::of(&object);
        for (name, expected) in [
            ("web-a-0", Some(0)),
            ("web-a-12", Some(12)),
            ("web-a", None),
            ("web-a-", None),
            ("web-a-x", None),
            ("web-a-+1", None),
            ("web-b-0", None),
            ("web-a-99999999999", None),
        ] {
            assert_eq!(set.ordinal(name), expected, "{name}");
        }
    }

    #[test]
    fn shares_are_at_least_one() {
        for (value, expected) in [("2", 2), (r#""30%""#, 3), (r#""5%""#, 1)] {
            let text = format!(
                r#"{{"spec":{{"replicas":10,"updateStrategy":{{"type":"RollingUpdate","rollingUpdate":{{"maxUnavailable":{value}}}}}}}}}"#
            );
            let object = json::from_str(&text).unwrap();
            let expected = Update::Rolling {
                partition: Some(0),
                max_unavailable: expected,
            };
            assert_eq!(Set::of(&object).update, expected, "{value}");
        }
    }
}
