//! Selectors of nodes: `ValidateNodeSelector`.

use crate::validation::label_selector::Values;
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a node selector, which must have terms.
pub(in crate::validation) fn validate(selector: &Value, path: &Path<'_>, errors: &mut Errors) {
    let terms = selector.items("nodeSelectorTerms");
    let path = path.child("nodeSelectorTerms");
    if terms.is_empty() {
        errors.push(Error::required(
            &path,
            "must have at least one node selector term",
        ));
    }
    for (index, term) in terms.iter().enumerate() {
        validate_term(term, Values::Strict, &path.index(index), errors);
    }
}

/// Validates one term.
pub(super) fn validate_term(term: &Value, values: Values, path: &Path<'_>, errors: &mut Errors) {
    let labels_path = path.child("matchExpressions");
    for (index, requirement) in term.items("matchExpressions").iter().enumerate() {
        label_requirement(requirement, values, &labels_path.index(index), errors);
    }
    let path = path.child("matchFields");
    for (index, requirement) in term.items("matchFields").iter().enumerate() {
        field_requirement(requirement, &path.index(index), errors);
    }
}

fn not_an_operator(operator: &str, path: &Path<'_>) -> Error {
    Error::invalid(
        &path.child("operator"),
        operator,
        "not a valid selector operator",
    )
}

fn label_requirement(requirement: &Value, values: Values, path: &Path<'_>, errors: &mut Errors) {
    let given = requirement.items("values");
    let values_path = path.child("values");
    match requirement.str_or_empty("operator") {
        "In" | "NotIn" if given.is_empty() => errors.push(Error::required(
            &values_path,
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if !given.is_empty() => errors.push(Error::forbidden(
            &values_path,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        "Gt" | "Lt" if given.len() != 1 => errors.push(Error::required(
            &values_path,
            "must be specified single value when `operator` is 'Lt' or 'Gt'",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => errors.push(not_an_operator(other, path)),
    }
    let key = requirement.str_or_empty("key");
    invalid_each(names::qualified_name(key), key, &path.child("key"), errors);
    if values == Values::Strict {
        for (index, value) in given.iter().enumerate() {
            let value = value.as_str().unwrap_or_default();
            let messages = names::label_value(value);
            invalid_each(messages, value, &values_path.index(index), errors);
        }
    }
}

fn field_requirement(requirement: &Value, path: &Path<'_>, errors: &mut Errors) {
    let given = requirement.items("values");
    let values_path = path.child("values");
    match requirement.str_or_empty("operator") {
        "In" | "NotIn" if given.len() != 1 => errors.push(Error::required(
            &values_path,
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        )),
        "In" | "NotIn" => {}
        other => errors.push(not_an_operator(other, path)),
    }
    let key = requirement.str_or_empty("key");
    if key != "metadata.name" {
        errors.push(Error::invalid(
            &path.child("key"),
            key,
            "not a valid field selector key",
        ));
        return;
    }
    for (index, value) in given.iter().enumerate() {
        let value = value.as_str().unwrap_or_default();
        let messages = names::dns1123_subdomain(value);
        invalid_each(messages, value, &values_path.index(index), errors);
    }
}
