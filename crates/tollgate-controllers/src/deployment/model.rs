//! A Deployment and its ReplicaSets as values.

use super::hash;
use crate::driver::Meta;
use crate::int_or_percent::scaled;
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// The rollout's number, on the Deployment and on its ReplicaSets.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The numbers that a ReplicaSet had before.
pub(super) const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// How many pods the Deployment asked for when it last looked at a ReplicaSet.
pub(super) const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// How many there might be at most then.
pub(super) const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// A number that means "none", as upstream writes it.
const UNLIMITED: i64 = i32::MAX as i64;

/// How old pods are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    /// All old ones go before the first new one comes.
    Recreate,
    /// Step by step.
    RollingUpdate,
}

/// A Deployment.
#[derive(Debug, Clone)]
pub(super) struct Deployment {
    pub(super) meta: Meta,
    /// As it is to be written: with annotations that may have changed.
    pub(super) object: Value,
    pub(super) replicas: i64,
    pub(super) min_ready_seconds: i64,
    pub(super) selector: Value,
    pub(super) template: Value,
    pub(super) strategy: Strategy,
    /// How many pods may be there beyond `replicas`.
    pub(super) max_surge: i64,
    /// How many of `replicas` may be unavailable.
    pub(super) max_unavailable: i64,
    pub(super) is_paused: bool,
    pub(super) deadline_seconds: Option<i64>,
    pub(super) history_limit: Option<i64>,
    /// The number of the rollout as it was found.
    pub(super) old_revision: Option<CompactString>,
    /// The status as it was found.
    pub(super) old_status: Value,
    /// The status as it is to be written.
    pub(super) status: Value,
}

impl Deployment {
    /// Reads a Deployment.
    pub(super) fn new(object: Value) -> Self {
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let strategy = match spec.at(&["strategy", "type"]).and_then(Value::as_str) {
            Some("Recreate") => Strategy::Recreate,
            _ => Strategy::RollingUpdate,
        };
        // What is not said has been written down by the server; one is its default.
        let replicas = spec.int("replicas").unwrap_or(1);
        let rolling = spec.at(&["strategy", "rollingUpdate"]);
        let (max_surge, max_unavailable) = match strategy {
            Strategy::Recreate => (0, 0),
            Strategy::RollingUpdate => bounds(rolling.unwrap_or(&Value::Null), replicas),
        };
        let limited = |key: &str| spec.int(key).filter(|limit| *limit != UNLIMITED);
        let status = object.get("status").cloned();
        let status = status.unwrap_or_else(Value::object);
        Self {
            meta: Meta::of(&object),
            replicas,
            min_ready_seconds: spec.int("minReadySeconds").unwrap_or_default(),
            selector: spec.get("selector").cloned().unwrap_or_default(),
            template: spec.get("template").cloned().unwrap_or_default(),
            strategy,
            max_surge,
            max_unavailable,
            is_paused: spec.bool("paused") == Some(true),
            deadline_seconds: limited("progressDeadlineSeconds"),
            history_limit: limited("revisionHistoryLimit"),
            old_revision: revision_of(&object),
            old_status: status.clone(),
            status,
            object,
        }
    }

    /// How many pods may be there at most.
    pub(super) fn max_replicas(&self) -> i64 {
        self.replicas.saturating_add(self.max_surge)
    }

    /// Whether a status says that the newest template is all there is, and available.
    pub(super) fn is_complete(&self, status: &Value) -> bool {
        let is_all = |key: &str| status.int(key).unwrap_or_default() == self.replicas;
        is_all("updatedReplicas")
            && is_all("replicas")
            && is_all("availableReplicas")
            && status.int("observedGeneration").unwrap_or_default() >= self.meta.generation
    }
}

/// The number of the rollout, as a Deployment or a ReplicaSet carries it.
pub(super) fn revision_of(object: &Value) -> Option<CompactString> {
    let annotations = object.at(&["metadata", "annotations"])?;
    annotations.str(REVISION).map(CompactString::new)
}

/// The most pods too many and the most too few; not both are 0, else nothing would ever move.
fn bounds(rolling: &Value, replicas: i64) -> (i64, i64) {
    let of = |key: &str, rounds_up: bool| {
        let value = rolling.get(key).unwrap_or(&Value::Null);
        scaled(value, replicas, rounds_up).unwrap_or_default()
    };
    let (surge, unavailable) = match (of("maxSurge", true), of("maxUnavailable", false)) {
        (0, 0) => (0, 1),
        both => both,
    };
    (surge, unavailable.min(replicas))
}

/// A ReplicaSet.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) meta: Meta,
    pub(super) object: Value,
    pub(super) replicas: i64,
    pub(super) status_replicas: i64,
    pub(super) ready: i64,
    pub(super) available: i64,
    pub(super) terminating: Option<i64>,
}

impl Set {
    /// Reads a ReplicaSet.
    pub(super) fn new(object: Value) -> Self {
        let status = object.get("status").unwrap_or(&Value::Null);
        let count = |key: &str| status.int(key).unwrap_or_default();
        let replicas = object.at(&["spec", "replicas"]).and_then(Value::as_i64);
        Self {
            meta: Meta::of(&object),
            replicas: replicas.unwrap_or(1),
            status_replicas: count("replicas"),
            ready: count("readyReplicas"),
            available: count("availableReplicas"),
            terminating: status.int("terminatingReplicas"),
            object,
        }
    }

    /// The name.
    pub(super) fn name(&self) -> &CompactString {
        &self.meta.name
    }

    /// Whether it asks for pods.
    pub(super) fn is_active(&self) -> bool {
        self.replicas > 0
    }

    /// A number in an annotation.
    pub(super) fn number(&self, annotation: &str) -> Option<i64> {
        let annotations = self.object.at(&["metadata", "annotations"])?;
        annotations.str(annotation)?.parse().ok()
    }

    /// Whether its controller has seen the newest spec.
    pub(super) fn is_observed(&self) -> bool {
        let observed = self.object.at(&["status", "observedGeneration"]);
        let observed = observed.and_then(Value::as_i64).unwrap_or_default();
        self.meta.generation <= observed
    }
}

/// The ReplicaSets of a Deployment.
#[derive(Debug, Clone, Default)]
pub(super) struct Sets {
    /// The one of the Deployment's template.
    pub(super) new: Option<Set>,
    /// All others, the oldest first.
    pub(super) old: Vec<Set>,
}

impl Sets {
    /// Finds the new one: of several with that template the oldest.
    pub(super) fn new(template: &Value, mut sets: Vec<Set>) -> Self {
        sets.sort_by(|a, b| {
            let by_time = a.meta.created.cmp(&b.meta.created);
            by_time.then_with(|| a.meta.name.cmp(&b.meta.name))
        });
        let wanted = hash::canonical(template);
        let new = sets.iter().position(|set| {
            let template = set.object.at(&["spec", "template"]);
            template.is_some_and(|template| hash::canonical(template) == wanted)
        });
        Self {
            new: new.map(|index| sets.remove(index)),
            old: sets,
        }
    }

    /// All of them, the new one last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Set> {
        self.old.iter().chain(&self.new)
    }

    /// The sum of a number over all of them.
    pub(super) fn sum(&self, number: impl Fn(&Set) -> i64) -> i64 {
        self.all().map(number).fold(0, i64::saturating_add)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use tollgate_api::json;

    /// A Deployment that rolls; its status has that many replicas.
    pub(in crate::deployment) fn deployment(
        replicas: i64,
        surge: &str,
        unavailable: &str,
        has: i64,
    ) -> Deployment {
        let quoted = |text: &str| match text.parse::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) => format!("\"{text}\""),
        };
        let (surge, unavailable) = (quoted(surge), quoted(unavailable));
        let text = format!(
            r#"{{"metadata":{{"name":"web","namespace":"n","uid":"u","generation":1}},"spec":{{"replicas":{replicas},
            "progressDeadlineSeconds":600,"revisionHistoryLimit":2,
            "strategy":{{"type":"RollingUpdate","rollingUpdate":{{"maxSurge":{surge},"maxUnavailable":{unavailable}}}}}}},
            "status":{{"replicas":{has}}}}}"#
        );
        Deployment::new(json::from_str(&text).unwrap())
    }

    /// A ReplicaSet; with `annotations`, what was desired and the most there might be. `old-1` is older than
    /// `old-0`, and `new` is the youngest.
    pub(in crate::deployment) fn set(
        name: &str,
        replicas: i64,
        available: i64,
        annotations: Option<(i64, i64)>,
    ) -> Set {
        let annotations = annotations.map_or(String::new(), |(desired, max)| {
            format!(
                r#""deployment.kubernetes.io/desired-replicas":"{desired}","deployment.kubernetes.io/max-replicas":"{max}""#
            )
        });
        let second = match name.strip_prefix("old-") {
            Some(age) => 30 - age.parse::<u32>().unwrap(),
            None => 40,
        };
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n","uid":"{name}","creationTimestamp":"2026-01-15T12:00:{second}Z",
            "annotations":{{{annotations}}}}},"spec":{{"replicas":{replicas}}},
            "status":{{"replicas":{replicas},"readyReplicas":{available},"availableReplicas":{available},"terminatingReplicas":0}}}}"#
        );
        Set::new(json::from_str(&text).unwrap())
    }

    #[test]
    fn bounds_are_rounded_apart_and_never_both_nothing() {
        for (replicas, surge, unavailable, expected) in [
            (2, "0%", "1%", (0, 1)),
            (1, "0%", "1%", (0, 1)),
            (2, "1%", "25%", (1, 0)),
            (1, "1%", "25%", (1, 0)),
            (10, "25%", "25%", (3, 2)),
            (1, "2", "5", (2, 1)),
            (0, "25%", "25%", (0, 0)),
        ] {
            let found = deployment(replicas, surge, unavailable, 0);
            let found = (found.max_surge, found.max_unavailable);
            assert_eq!(found, expected, "{replicas} {surge} {unavailable}");
        }
    }

    #[test]
    fn of_sets_with_the_template_the_oldest_is_the_new_one() {
        let template: Value = json::from_str(r#"{"spec":{"containers":[{"name":"c"}]}}"#).unwrap();
        let with = |name: &str| {
            let mut set = set(name, 1, 1, None);
            set.object
                .child_mut("spec")
                .set("template", template.clone());
            set
        };
        let all = vec![
            with("new"),
            set("old-0", 1, 1, None),
            with("old-2"),
            with("old-1"),
        ];
        let found = Sets::new(&template, all);
        assert_eq!(found.new.unwrap().name(), "old-2");
        let old: Vec<&str> = found.old.iter().map(|set| set.meta.name.as_str()).collect();
        assert_eq!(old, ["old-1", "old-0", "new"]);
    }
}
