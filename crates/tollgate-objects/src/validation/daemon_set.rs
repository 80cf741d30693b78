//! `ValidateDaemonSet` and its update.

use super::numbers::nonnegative;
use super::workload::{self, SelectorWords};
use super::{Options, deployment, go_values, int_or_percent, label_selector, pod};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::label_selector::is_empty;

const WORDS: SelectorWords = SelectorWords {
    empty: "empty selector is invalid for daemonset",
    invalid: None,
};

/// Validates a DaemonSet that is to be created.
pub(super) fn validate_create(object: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata(object, errors);
    validate_spec(object, options, errors);
}

fn validate_spec(object: &Value, options: &Options, errors: &mut Errors) {
    let spec = workload::spec(object);
    let path = Path::root("spec");
    label_selector::validate(
        spec,
        "selector",
        label_selector::Values::Strict,
        &path.child("selector"),
        errors,
    );
    workload::template_matches(spec, WORDS, &path, errors);
    if let Some(selector) = spec.get("selector").filter(|selector| is_empty(selector)) {
        errors.push(Error::invalid(
            &path.child("selector"),
            go_values::selector(selector),
            WORDS.empty,
        ));
    }
    let template = spec.get("template").unwrap_or(&Value::Null);
    let template_path = path.child("template");
    pod::validate_template(template, &template_path, options, errors);
    workload::restarts_always(template, "DaemonSet", &template_path, errors);
    nonnegative(spec, "minReadySeconds", &path, errors);
    update_strategy(spec, &path, errors);
    nonnegative(spec, "revisionHistoryLimit", &path, errors);
}

fn update_strategy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let strategy = spec.get("updateStrategy").unwrap_or(&Value::Null);
    let path = path.child("updateStrategy");
    let rolling = strategy.get("rollingUpdate");
    match strategy.str_or_empty("type") {
        "OnDelete" => {}
        "RollingUpdate" => match rolling {
            None => errors.push(Error::required(&path.child("rollingUpdate"), "")),
            Some(rolling) => rolling_update(rolling, &path.child("rollingUpdate"), errors),
        },
        _ => {
            let shown = go_values::object([
                ("Type", go_values::text(strategy, "type")),
                (
                    "RollingUpdate",
                    rolling.map(deployment::shown_rolling).unwrap_or_default(),
                ),
            ]);
            let supported = ["RollingUpdate", "OnDelete"];
            errors.push(Error::not_supported(&path, shown, &supported));
        }
    }
}

fn rolling_update(rolling: &Value, path: &Path<'_>, errors: &mut Errors) {
    let zero = Value::from(0);
    let unavailable = rolling.get("maxUnavailable").unwrap_or(&zero);
    let surge = rolling.get("maxSurge").unwrap_or(&zero);
    let unavailable_path = path.child("maxUnavailable");
    let surge_path = path.child("maxSurge");
    let is_zero = |value| int_or_percent::is_zero(Some(value));
    // Both are looked at before they are compared.
    int_or_percent::positive(unavailable, &unavailable_path, errors);
    int_or_percent::positive(surge, &surge_path, errors);
    if is_zero(unavailable) && is_zero(surge) {
        let why = "cannot be 0 when maxSurge is 0";
        errors.push(Error::required(&unavailable_path, why));
    }
    if !is_zero(unavailable) && !is_zero(surge) {
        let why = "may not be set when maxUnavailable is non-zero";
        errors.push(Error::invalid(&surge_path, surge.clone(), why));
    }
    int_or_percent::at_most_all(unavailable, &unavailable_path, errors);
    int_or_percent::at_most_all(surge, &surge_path, errors);
}

/// Validates what a DaemonSet becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    workload::metadata_update(new, old, errors);
    workload::immutable_selector(new, old, errors);
    validate_spec(new, options, errors);
}
