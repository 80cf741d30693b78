//! `ValidatePodDisruptionBudget` and its updates.

use super::fields::{self, child};
use super::label_selector::{self, Values};
use super::numbers::nonnegative;
use super::workload::metadata_update;
use super::{Options, go_values, int_or_percent};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Validates a PodDisruptionBudget that is to be created; its metadata is the registry's business alone.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    let spec = child(object, "spec");
    let path = Path::root("spec");
    let amounts = ["minAvailable", "maxUnavailable"];
    if amounts.iter().all(|amount| spec.get(amount).is_some()) {
        let shown = go_values::object([
            ("MinAvailable", go_values::nullable(spec, "minAvailable")),
            ("Selector", go_values::nullable(spec, "selector")),
            (
                "MaxUnavailable",
                go_values::nullable(spec, "maxUnavailable"),
            ),
            (
                "UnhealthyPodEvictionPolicy",
                go_values::nullable(spec, "unhealthyPodEvictionPolicy"),
            ),
        ]);
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(Error::invalid(&path, shown, why));
    }
    for amount in amounts {
        if let Some(value) = spec.get(amount) {
            let path = path.child(amount);
            int_or_percent::positive(value, &path, errors);
            int_or_percent::at_most_all(value, &path, errors);
        }
    }
    let selector = path.child("selector");
    label_selector::validate(spec, "selector", Values::Strict, &selector, errors);
    let policies = ["AlwaysAllow", "IfHealthyBudget"];
    fields::word(spec, "unhealthyPodEvictionPolicy", &policies, &path, errors);
}

/// Validates what a PodDisruptionBudget becomes by an update.
pub(super) fn validate_update(new: &Value, _old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
}

/// Validates an update of the numbers in `status`.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    let status = child(new, "status");
    let path = Path::root("status");
    for field in [
        "disruptionsAllowed",
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
    ] {
        nonnegative(status, field, &path, errors);
    }
}
