//! Label selectors (`matchLabels`, `matchExpressions`): `ValidateLabelSelector`.

use super::object_meta::{invalid_each, labels};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// How strict a selector is read; kinds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Values of expressions must be label values.
    Strict,
    /// Values of expressions are not looked at.
    Any,
}

/// Validates the label selector that `holder` has under `key`; an absent one is good.
pub fn validate(holder: &Value, key: &str, values: Values, path: &Path<'_>, errors: &mut Errors) {
    if let Some(selector) = holder.get(key) {
        validate_at(selector, values, path, errors);
    }
}

/// Validates a label selector.
pub fn validate_at(selector: &Value, values: Values, path: &Path<'_>, errors: &mut Errors) {
    labels(selector, "matchLabels", &path.child("matchLabels"), errors);
    let path = path.child("matchExpressions");
    for (index, requirement) in selector.items("matchExpressions").iter().enumerate() {
        validate_requirement(requirement, values, &path.index(index), errors);
    }
}

fn validate_requirement(requirement: &Value, values: Values, path: &Path<'_>, errors: &mut Errors) {
    let given = requirement.items("values");
    let operator = requirement.str_or_empty("operator");
    match operator {
        "In" | "NotIn" if given.is_empty() => errors.push(Error::required(
            &path.child("values"),
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if !given.is_empty() => errors.push(Error::forbidden(
            &path.child("values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        _ => errors.push(Error::invalid(
            &path.child("operator"),
            operator,
            "not a valid selector operator",
        )),
    }
    let key = requirement.str_or_empty("key");
    invalid_each(names::qualified_name(key), key, &path.child("key"), errors);
    if values == Values::Strict {
        let path = path.child("values");
        for (index, value) in given.iter().enumerate() {
            let value = value.as_str().unwrap_or_default();
            invalid_each(names::label_value(value), value, &path.index(index), errors);
        }
    }
}
