//! `ValidateReplicaSet`, `ValidateReplicationController` and their updates.

use super::numbers::nonnegative;
use super::workload::{self, SelectorWords};
use super::{Options, go_values, pod};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const WORDS: SelectorWords = SelectorWords {
    empty: "empty selector is invalid for deployment",
    invalid: Some("invalid label selector"),
};

/// Validates a ReplicaSet that is to be created.
pub(super) fn validate_create(object: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata(object, errors);
    validate_spec(object, options, errors);
}

fn validate_spec(object: &Value, options: &Options, errors: &mut Errors) {
    let spec = workload::spec(object);
    let path = Path::root("spec");
    nonnegative(spec, "replicas", &path, errors);
    nonnegative(spec, "minReadySeconds", &path, errors);
    workload::required_selector(spec, WORDS, errors);
    if workload::template_matches(spec, WORDS, &path, errors) {
        let template = spec.get("template").unwrap_or(&Value::Null);
        let path = path.child("template");
        pod::validate_template(template, &path, options, errors);
        workload::restarts_always(template, "ReplicaSet", &path, errors);
    }
}

/// Validates what a ReplicaSet becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata_update(new, old, errors);
    validate_spec(new, options, errors);
    workload::immutable_selector(new, old, errors);
}

/// The numbers in a status.
const COUNTS: [&str; 5] = [
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "observedGeneration",
];

/// Validates an update of a ReplicaSet's status.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    workload::metadata_update(new, old, errors);
    replica_counts(new, errors);
}

/// Counts in a status must be counts, and none may be more than all.
pub(super) fn replica_counts(object: &Value, errors: &mut Errors) {
    let status = object.get("status").unwrap_or(&Value::Null);
    let path = Path::root("status");
    let count = |key: &str| status.int(key).unwrap_or_default();
    for key in COUNTS {
        nonnegative(status, key, &path, errors);
    }
    let than_all = "cannot be greater than status.replicas";
    for key in ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] {
        if count(key) > count("replicas") {
            errors.push(Error::invalid(&path.child(key), count(key), than_all));
        }
    }
    if count("availableReplicas") > count("readyReplicas") {
        let why = "cannot be greater than readyReplicas";
        let path = path.child("availableReplicas");
        errors.push(Error::invalid(&path, count("availableReplicas"), why));
    }
}

/// Validates a ReplicationController that is to be created.
pub(super) fn validate_controller_create(object: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata(object, errors);
    validate_controller_spec(object, options, errors);
}

fn validate_controller_spec(object: &Value, options: &Options, errors: &mut Errors) {
    let spec = workload::spec(object);
    let path = Path::root("spec");
    nonnegative(spec, "minReadySeconds", &path, errors);
    let has_selector = spec.str_entries("selector").next().is_some();
    if !has_selector {
        errors.push(Error::required(&path.child("selector"), ""));
    }
    nonnegative(spec, "replicas", &path, errors);
    let path = path.child("template");
    let Some(template) = spec.get("template") else {
        errors.push(Error::required(&path, ""));
        return;
    };
    let labels = template.at(&["metadata", "labels"]).unwrap_or(&Value::Null);
    let mut selector = spec.str_entries("selector");
    if !selector.all(|(key, value)| labels.str(key) == Some(value)) {
        let why = "`selector` does not match template `labels`";
        errors.push(Error::invalid(
            &path.child("metadata.labels"),
            go_values::map(labels),
            why,
        ));
    }
    pod::validate_template(template, &path, options, errors);
    workload::restarts_always(template, "ReplicationController", &path, errors);
}

/// Validates what a ReplicationController becomes by an update.
pub(super) fn validate_controller_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    workload::metadata_update(new, old, errors);
    validate_controller_spec(new, options, errors);
}
