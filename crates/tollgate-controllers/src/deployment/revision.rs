//! Annotations of ReplicaSets: which rollout they are of, and what the Deployment asked for.

use super::model::{DESIRED_REPLICAS, Deployment, MAX_REPLICAS, REVISION, REVISION_HISTORY, Set};
use tollgate_api::Value;

/// How long the list of earlier numbers may be, in characters.
const HISTORY_MAX: usize = 2000;
/// Annotations of the Deployment that its ReplicaSets do not take over.
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

/// The number of the next rollout.
pub(super) fn next(old: &[Set]) -> i64 {
    let numbers = old.iter().filter_map(|set| set.number(REVISION));
    numbers.max().unwrap_or_default().max(0).saturating_add(1)
}

/// Brings the annotations of the new ReplicaSet up to date, and says whether anything changed.
pub(super) fn annotate(deployment: &Deployment, set: &mut Value, revision: i64) -> bool {
    let before = set.at(&["metadata", "annotations"]).cloned();
    let mut after = before.clone().unwrap_or_else(Value::object);
    if let Some(metadata) = deployment.object.get("metadata") {
        let given = metadata.str_entries("annotations");
        for (key, value) in given.filter(|(key, _)| !NOT_COPIED.contains(key)) {
            after.set(key, value);
        }
    }
    number(&mut after, revision);
    let changed = before.as_ref() != Some(&after);
    if changed {
        set.child_mut("metadata").set("annotations", after);
    }
    changed
}

/// Gives it the number, unless it has that or a later one, and remembers the one that it had.
fn number(annotations: &mut Value, revision: i64) {
    let had = annotations.str(REVISION).map(str::to_owned);
    let known = match had.as_deref() {
        None | Some("") => 0,
        // What is no number was written by somebody else, and stays.
        Some(text) => match text.parse::<i64>() {
            Ok(number) => number,
            Err(_) => return,
        },
    };
    if known >= revision {
        return;
    }
    annotations.set(REVISION, revision.to_string());
    let Some(had) = had else {
        return;
    };
    let history = annotations.str_or_empty(REVISION_HISTORY).to_owned();
    if history.is_empty() {
        annotations.set(REVISION_HISTORY, had);
        return;
    }
    let mut numbers: Vec<&str> = history.split(',').collect();
    numbers.push(&had);
    let length = |numbers: &[&str]| {
        let digits: usize = numbers.iter().map(|number| number.len()).sum();
        digits.saturating_add(numbers.len().saturating_sub(1))
    };
    while numbers.len() > 1 && length(&numbers) > HISTORY_MAX {
        numbers.remove(0);
    }
    let history = numbers.join(",");
    annotations.set(REVISION_HISTORY, history);
}

/// Writes down what the Deployment asks for, and says whether that is news.
pub(super) fn set_replicas(deployment: &Deployment, set: &mut Value) -> bool {
    let annotations = set.child_mut("metadata").child_mut("annotations");
    let mut changed = false;
    for (key, number) in [
        (DESIRED_REPLICAS, deployment.replicas),
        (MAX_REPLICAS, deployment.max_replicas()),
    ] {
        let text = number.to_string();
        if annotations.str(key) != Some(text.as_str()) {
            annotations.set(key, text);
            changed = true;
        }
    }
    changed
}

/// Which old ReplicaSets are beyond the history that is kept: those of the earliest rollouts that have no pods.
pub(super) fn beyond_history<'s>(deployment: &Deployment, old: &'s [Set]) -> Vec<&'s Set> {
    let Some(limit) = deployment.history_limit else {
        return Vec::new();
    };
    let living = old.iter().filter(|set| set.meta.deleted.is_none());
    let mut sets: Vec<&Set> = living.collect();
    let surplus = sets
        .len()
        .saturating_sub(usize::try_from(limit).unwrap_or_default());
    sets.sort_by_key(|set| set.number(REVISION).unwrap_or_default());
    sets.truncate(surplus);
    sets.retain(|set| set.status_replicas == 0 && set.replicas == 0 && set.is_observed());
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn numbered(annotations: &str, revision: i64) -> Value {
        let mut annotations = json::from_str(annotations).unwrap();
        number(&mut annotations, revision);
        annotations
    }

    #[test]
    fn a_number_grows_and_leaves_a_trace() {
        let history = |value: &Value| value.str(REVISION_HISTORY).map(str::to_owned);
        let new = numbered("{}", 1);
        assert_eq!((new.str(REVISION), history(&new)), (Some("1"), None));
        let kept = numbered(r#"{"deployment.kubernetes.io/revision":"4"}"#, 3);
        assert_eq!((kept.str(REVISION), history(&kept)), (Some("4"), None));
        let back = numbered(r#"{"deployment.kubernetes.io/revision":"1"}"#, 3);
        assert_eq!(
            (back.str(REVISION), history(&back)),
            (Some("3"), Some("1".to_owned()))
        );
        let again = numbered(
            r#"{"deployment.kubernetes.io/revision":"3","deployment.kubernetes.io/revision-history":"1"}"#,
            5,
        );
        assert_eq!(history(&again), Some("1,3".to_owned()));
        let foreign = numbered(r#"{"deployment.kubernetes.io/revision":"x"}"#, 5);
        assert_eq!(foreign.str(REVISION), Some("x"));
    }

    #[test]
    fn the_history_has_a_limit() {
        let long: Vec<String> = (1000..1400).map(|number| number.to_string()).collect();
        let long = long.join(",");
        let annotations = format!(
            r#"{{"deployment.kubernetes.io/revision":"1400","deployment.kubernetes.io/revision-history":"{long}"}}"#
        );
        let found = numbered(&annotations, 1402);
        let history = found.str(REVISION_HISTORY).unwrap();
        assert_eq!(history.len(), 1999);
        assert!(history.starts_with("1001,") && history.ends_with(",1400"));
    }

    #[test]
    fn annotations_of_the_deployment_are_copied_but_for_its_own() {
        let deployment = Deployment::new(
            json::from_str(
                r#"{"metadata":{"annotations":{"kubernetes.io/change-cause":"why","deployment.kubernetes.io/revision":"9",
                "kubectl.kubernetes.io/last-applied-configuration":"{}"}},"spec":{"replicas":4,"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}}}}"#,
            )
            .unwrap(),
        );
        let mut set = Value::object();
        assert!(annotate(&deployment, &mut set, 2));
        assert!(set_replicas(&deployment, &mut set));
        let expected = r#"{"metadata":{"annotations":{"kubernetes.io/change-cause":"why","deployment.kubernetes.io/revision":"2",
            "deployment.kubernetes.io/desired-replicas":"4","deployment.kubernetes.io/max-replicas":"5"}}}"#;
        assert_eq!(set, json::from_str(expected).unwrap());
        assert!(!annotate(&deployment, &mut set, 2));
        assert!(!set_replicas(&deployment, &mut set));
    }
}
