//! `ValidateDeployment` and its updates.

use super::numbers::nonnegative;
use super::workload::{self, SelectorWords};
use super::{Options, go_values, int_or_percent, pod};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const WORDS: SelectorWords = SelectorWords {
    empty: "empty selector is invalid for deployment",
    invalid: Some("invalid label selector"),
};

/// Validates a Deployment that is to be created.
pub(super) fn validate_create(object: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata(object, errors);
    let spec = workload::spec(object);
    let path = Path::root("spec");
    nonnegative(spec, "replicas", &path, errors);
    workload::required_selector(spec, WORDS, errors);
    if workload::template_matches(spec, WORDS, &path, errors) {
        let template = spec.get("template").unwrap_or(&Value::Null);
        let path = path.child("template");
        pod::validate_template(template, &path, options, errors);
        workload::restarts_always(template, "ReplicaSet", &path, errors);
    }
    strategy(spec, &path, errors);
    nonnegative(spec, "minReadySeconds", &path, errors);
    nonnegative(spec, "revisionHistoryLimit", &path, errors);
    if let Some(deadline) = spec.int("progressDeadlineSeconds") {
        nonnegative(spec, "progressDeadlineSeconds", &path, errors);
        if deadline <= spec.int("minReadySeconds").unwrap_or_default() {
            let why = "must be greater than minReadySeconds";
            errors.push(Error::invalid(
                &path.child("progressDeadlineSeconds"),
                deadline,
                why,
            ));
        }
    }
}

fn strategy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let strategy = spec.get("strategy").unwrap_or(&Value::Null);
    let path = path.child("strategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.str_or_empty("type") {
        "Recreate" => {
            if rolling.is_some() {
                let why = "may not be specified when strategy `type` is 'Recreate'";
                errors.push(Error::forbidden(&path.child("rollingUpdate"), why));
            }
        }
        "RollingUpdate" => match rolling {
            None => {
                let why = "this should be defaulted and never be nil";
                errors.push(Error::required(&path.child("rollingUpdate"), why));
            }
            Some(rolling) => rolling_update(rolling, &path.child("rollingUpdate"), errors),
        },
        _ => {
            let shown = go_values::object([
                ("Type", go_values::text(strategy, "type")),
                (
                    "RollingUpdate",
                    rolling.map(shown_rolling).unwrap_or_default(),
                ),
            ]);
            let supported = ["Recreate", "RollingUpdate"];
            errors.push(Error::not_supported(&path, shown, &supported));
        }
    }
}

/// A rolling update as upstream's internal type prints.
pub(super) fn shown_rolling(rolling: &Value) -> Value {
    let number = |key| rolling.get(key).cloned().unwrap_or_else(|| Value::from(0));
    go_values::object([
        ("MaxUnavailable", number("maxUnavailable")),
        ("MaxSurge", number("maxSurge")),
    ])
}

fn rolling_update(rolling: &Value, path: &Path<'_>, errors: &mut Errors) {
    let zero = Value::from(0);
    let unavailable = rolling.get("maxUnavailable").unwrap_or(&zero);
    let surge = rolling.get("maxSurge").unwrap_or(&zero);
    let unavailable_path = path.child("maxUnavailable");
    let surge_path = path.child("maxSurge");
    int_or_percent::positive(unavailable, &unavailable_path, errors);
    int_or_percent::positive(surge, &surge_path, errors);
    if int_or_percent::is_zero(Some(unavailable)) && int_or_percent::is_zero(Some(surge)) {
        let why = "may not be 0 when `maxSurge` is 0";
        errors.push(Error::invalid(&unavailable_path, unavailable.clone(), why));
    }
    int_or_percent::at_most_all(unavailable, &unavailable_path, errors);
}

/// Validates what a Deployment becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata_update(new, old, errors);
    validate_spec(new, options, errors);
    workload::immutable_selector(new, old, errors);
}

/// The same as on creation, but for the metadata, whose update was validated.
fn validate_spec(object: &Value, options: &Options, errors: &mut Errors) {
    let mut all = Errors::new();
    validate_create(object, options, &mut all);
    let of_spec = |error: &Error| error.field.starts_with("spec");
    errors.extend(all.into_iter().filter(of_spec));
}
