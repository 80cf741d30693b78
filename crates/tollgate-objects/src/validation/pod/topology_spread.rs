//! Spreading over the topology: `validateTopologySpreadConstraints`.

use super::affinity::label_keys;
use crate::validation::label_selector::{self, Values};
use crate::validation::numbers::positive;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Validates `topologySpreadConstraints`.
pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let constraints = spec.items("topologySpreadConstraints");
    for (index, constraint) in constraints.iter().enumerate() {
        let path = path.index(index);
        let rest = constraints.iter().skip(index.saturating_add(1));
        validate_constraint(constraint, rest, &path, errors);
    }
}

fn validate_constraint<'v>(
    constraint: &Value,
    mut rest: impl Iterator<Item = &'v Value>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let max_skew = constraint.int("maxSkew").unwrap_or_default();
    positive(max_skew, &path.child("maxSkew"), errors);
    let key = constraint.str_or_empty("topologyKey");
    if key.is_empty() {
        let path = path.child("topologyKey");
        errors.push(Error::required(&path, "can not be empty"));
    }
    let action = constraint.str_or_empty("whenUnsatisfiable");
    if !matches!(action, "DoNotSchedule" | "ScheduleAnyway") {
        errors.push(Error::not_supported(
            &path.child("whenUnsatisfiable"),
            action,
            &["DoNotSchedule", "ScheduleAnyway"],
        ));
    }
    let same = |other: &Value| {
        other.str_or_empty("topologyKey") == key
            && other.str_or_empty("whenUnsatisfiable") == action
    };
    if rest.any(same) {
        errors.push(Error::duplicate(
            &path.child("{topologyKey, whenUnsatisfiable}"),
            format!("{{{key}, {action}}}"),
        ));
    }
    if let Some(min_domains) = constraint.int("minDomains") {
        let path = path.child("minDomains");
        positive(min_domains, &path, errors);
        if action != "DoNotSchedule" {
            errors.push(Error::invalid(
                &path,
                min_domains,
                format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"),
            ));
        }
    }
    for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
        match constraint.str(field) {
            None | Some("Honor" | "Ignore") => {}
            Some(other) => errors.push(Error::not_supported(
                &path.child(field),
                other,
                &["Honor", "Ignore"],
            )),
        }
    }
    label_keys(constraint, path, errors);
    let path = path.child("labelSelector");
    label_selector::validate(constraint, "labelSelector", Values::Strict, &path, errors);
}
