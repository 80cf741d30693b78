//! Statuses of workloads: counts are counts, and none is more than all.

use super::Options;
use super::fields::child;
use super::numbers::nonnegative;
use super::workload::metadata_update;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// What holds for the numbers in a status.
struct Counts {
    /// All numbers, in the order in which upstream looks at them.
    all: &'static [&'static str],
    /// Those that are no more than `replicas`.
    within_replicas: &'static [&'static str],
    /// How upstream calls `readyReplicas`, of which the available ones are some; empty if it does not ask.
    ready: &'static str,
}

const DEPLOYMENT: Counts = Counts {
    all: &[
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    ],
    within_replicas: &["updatedReplicas", "readyReplicas", "availableReplicas"],
    ready: "readyReplicas",
};

const STATEFUL_SET: Counts = Counts {
    all: &[
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ],
    within_replicas: &[
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
    ],
    ready: "status.readyReplicas",
};

const DAEMON_SET: Counts = Counts {
    all: &[
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ],
    within_replicas: &[],
    ready: "",
};

/// Validates an update of a Deployment's status.
pub(super) fn validate_deployment(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    validate(new, old, &DEPLOYMENT, errors);
}

/// Validates an update of a StatefulSet's status.
pub(super) fn validate_stateful_set(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    validate(new, old, &STATEFUL_SET, errors);
}

/// Validates an update of a DaemonSet's status.
pub(super) fn validate_daemon_set(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    validate(new, old, &DAEMON_SET, errors);
}

fn validate(new: &Value, old: &Value, counts: &Counts, errors: &mut Errors) {
    metadata_update(new, old, errors);
    let status = child(new, "status");
    let path = Path::root("status");
    let count = |field: &str| status.int(field).unwrap_or_default();
    for field in counts.all {
        nonnegative(status, field, &path, errors);
    }
    for field in counts.within_replicas {
        if count(field) > count("replicas") {
            let why = "cannot be greater than status.replicas";
            errors.push(Error::invalid(&path.child(field), count(field), why));
        }
    }
    let available = count("availableReplicas");
    if !counts.ready.is_empty() && available > count("readyReplicas") {
        let why = format!("cannot be greater than {}", counts.ready);
        errors.push(Error::invalid(
            &path.child("availableReplicas"),
            available,
            why,
        ));
    }
    collisions_stay(status, child(old, "status"), &path, errors);
}

/// Names that were taken already are not forgotten.
fn collisions_stay(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let field = "collisionCount";
    let Some(before) = old.int(field) else {
        return;
    };
    let now = new.int(field).unwrap_or_default();
    if now < before {
        errors.push(Error::invalid(
            &path.child(field),
            now,
            "cannot be decremented",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(new: &str, old: &str, expected: &[&str]) {
        let object = |status: &str| {
            let text =
                format!(r#"{{"metadata":{{"name":"a","resourceVersion":"1"}},"status":{status}}}"#);
            from_str(&text).unwrap()
        };
        let mut errors = Errors::new();
        let options = Options::default();
        validate_deployment(&object(new), &object(old), &options, &mut errors);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn no_more_are_ready_than_there_are() {
        check(
            r#"{"replicas":2,"readyReplicas":2,"availableReplicas":1}"#,
            "{}",
            &[],
        );
        check(
            r#"{"replicas":1,"readyReplicas":2,"availableReplicas":-1}"#,
            "{}",
            &[
                "status.availableReplicas: Invalid value: -1: must be greater than or equal to 0",
                "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
            ],
        );
    }

    #[test]
    fn collisions_are_not_forgotten() {
        check(
            "{}",
            r#"{"collisionCount":1}"#,
            &["status.collisionCount: Invalid value: 0: cannot be decremented"],
        );
    }
}
