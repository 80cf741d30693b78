//! Admission policies and their bindings: `ValidateValidatingAdmissionPolicy`, `ValidateMutatingAdmissionPolicy`,
//! `ValidateValidatingAdmissionPolicyBinding` and their updates.
//!
//! Whether an expression can be compiled is for whoever can read expressions.

use super::Options;
use super::admission_rules::{self, FAILURE_POLICIES, REINVOCATION_POLICIES};
use super::fields::{self, child};
use super::label_selector::{self, Values};
use super::object_meta::{self, invalid_each};
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const REASONS: [&str; 3] = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const ACTIONS: [&str; 3] = ["Audit", "Deny", "Warn"];
const AUDIT_ANNOTATIONS_MAX: usize = 20;

fn metadata(object: &Value, errors: &mut Errors) {
    let metadata = child(object, "metadata");
    let path = Path::root("metadata");
    object_meta::validate_generic(metadata, false, names::dns1123_subdomain, &path, errors);
}

/// What both sorts of policies say first.
fn matching(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    fields::required_word(spec, "failurePolicy", &FAILURE_POLICIES, path, errors);
    admission_rules::param_kind(spec, path, errors);
    let constraints = path.child("matchConstraints");
    match spec.get("matchConstraints") {
        None => errors.push(Error::required(&constraints, "")),
        Some(matching) => {
            admission_rules::match_resources(matching, &constraints, errors);
            if matching.items("resourceRules").is_empty() {
                errors.push(Error::required(&constraints.child("resourceRules"), ""));
            }
        }
    }
    admission_rules::match_conditions(spec, path, errors);
    admission_rules::variables(spec, path, errors);
}

/// Validates a ValidatingAdmissionPolicy that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    metadata(object, errors);
    let spec = child(object, "spec");
    let path = Path::root("spec");
    matching(spec, &path, errors);
    let validations = spec.items("validations");
    let annotations = spec.items("auditAnnotations");
    if validations.is_empty() && annotations.is_empty() {
        let why = "validations or auditAnnotations must contain at least one item";
        errors.push(Error::required(&path.child("validations"), why));
        errors.push(Error::required(&path.child("auditAnnotations"), why));
        return;
    }
    let validations_path = path.child("validations");
    for (place, validation) in validations.iter().enumerate() {
        validate_validation(validation, &validations_path.index(place), errors);
    }
    let name = child(object, "metadata").str_or_empty("name");
    audit_annotations(annotations, name, &path.child("auditAnnotations"), errors);
}

fn validate_validation(validation: &Value, path: &Path<'_>, errors: &mut Errors) {
    let expression = validation.str_or_empty("expression").trim();
    if expression.is_empty() {
        let why = "expression is not specified";
        errors.push(Error::required(&path.child("expression"), why));
    }
    if validation.get("messageExpression").is_some()
        && validation
            .str_or_empty("messageExpression")
            .trim()
            .is_empty()
        && !validation.str_or_empty("messageExpression").is_empty()
    {
        let why = "must be non-empty if specified";
        let text = validation.str_or_empty("messageExpression");
        errors.push(Error::invalid(&path.child("messageExpression"), text, why));
    }
    let message = validation.str_or_empty("message");
    let message_path = path.child("message");
    let has_breaks = |text: &str| text.contains(['\n', '\r']);
    if !message.is_empty() && message.trim().is_empty() {
        let why = "must be non-empty if specified";
        errors.push(Error::invalid(&message_path, message, why));
    } else if has_breaks(message.trim()) {
        let why = "must not contain line breaks";
        errors.push(Error::invalid(&message_path, message, why));
    }
    fields::word(validation, "reason", &REASONS, path, errors);
}

fn audit_annotations(list: &[Value], policy: &str, path: &Path<'_>, errors: &mut Errors) {
    if list.len() > AUDIT_ANNOTATIONS_MAX {
        let why = format!("must not have more than {AUDIT_ANNOTATIONS_MAX} auditAnnotations");
        errors.push(Error::invalid(path, list.to_vec(), why));
    }
    let mut seen = BTreeSet::new();
    for (place, annotation) in list.iter().enumerate() {
        let path = path.index(place);
        let key = annotation.str_or_empty("key");
        if !policy.is_empty() {
            let name = format!("{policy}/{key}");
            invalid_each(
                names::qualified_name(&name),
                &name,
                &path.child("key"),
                errors,
            );
        }
        if annotation.str_or_empty("valueExpression").trim().is_empty() {
            let why = "valueExpression is not specified";
            errors.push(Error::required(&path.child("valueExpression"), why));
        }
        if !seen.insert(key) {
            errors.push(Error::duplicate(&path.child("key"), key));
        }
    }
}

/// Validates what a policy becomes by an update.
pub(super) fn validate_update(new: &Value, _old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
}

/// Validates a MutatingAdmissionPolicy that is to be created.
pub(super) fn validate_mutating_create(object: &Value, _options: &Options, errors: &mut Errors) {
    metadata(object, errors);
    let spec = child(object, "spec");
    let path = Path::root("spec");
    matching(spec, &path, errors);
    let mutations = spec.items("mutations");
    let mutations_path = path.child("mutations");
    if mutations.is_empty() {
        let why = "mutations must contain at least one item";
        errors.push(Error::required(&mutations_path, why));
    }
    for (place, mutation) in mutations.iter().enumerate() {
        validate_mutation(mutation, &mutations_path.index(place), errors);
    }
    let policies = &REINVOCATION_POLICIES;
    fields::required_word(spec, "reinvocationPolicy", policies, &path, errors);
}

fn validate_mutation(mutation: &Value, path: &Path<'_>, errors: &mut Errors) {
    let sorts = ["ApplyConfiguration", "JSONPatch"];
    let sort = mutation.str_or_empty("patchType");
    let (own, other) = match sort {
        "ApplyConfiguration" => ("applyConfiguration", "jsonPatch"),
        "JSONPatch" => ("jsonPatch", "applyConfiguration"),
        _ => return fields::required_word(mutation, "patchType", &sorts, path, errors),
    };
    match mutation.get(own) {
        None => {
            let why = format!("must be specified when patchType is {sort}");
            errors.push(Error::required(&path.child(own), why));
        }
        Some(patch) if patch.str_or_empty("expression").trim().is_empty() => {
            let path = path.child(own);
            let why = "expression is not specified";
            errors.push(Error::required(&path.child("expression"), why));
        }
        Some(_) => {}
    }
    if mutation.get(other).is_some() {
        let why = format!("must not be specified when patchType is {sort}");
        let shown = format!("{{{other}}}");
        errors.push(Error::invalid(&path.child(other), shown, why));
    }
}

/// Validates what a MutatingAdmissionPolicy becomes by an update.
pub(super) fn validate_mutating_update(
    new: &Value,
    _old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_mutating_create(new, options, errors);
}

fn binding(object: &Value, errors: &mut Errors) {
    metadata(object, errors);
    let spec = child(object, "spec");
    let path = Path::root("spec");
    fields::required_name(spec, "policyName", names::dns1123_subdomain, &path, errors);
    if let Some(reference) = spec.get("paramRef") {
        param_ref(reference, &path.child("paramRef"), errors);
    }
    if let Some(matching) = spec.get("matchResources") {
        // Upstream's spelling.
        admission_rules::match_resources(matching, &path.child("matchResouces"), errors);
    }
}

fn param_ref(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    let selector = reference.get("selector");
    let name = reference.str_or_empty("name");
    let rule = names::dns1123_subdomain;
    fields::name_if_any(reference, "name", rule, path, errors);
    match (name.is_empty(), selector) {
        (false, Some(_)) => {
            for field in ["name", "selector"] {
                let why = "name and selector are mutually exclusive";
                errors.push(Error::forbidden(&path.child(field), why));
            }
        }
        (true, Some(selector)) => {
            let path = path.child("selector");
            label_selector::validate_at(selector, Values::Strict, &path, errors);
        }
        (true, None) => {
            let why = "one of name or selector must be specified";
            errors.push(Error::required(path, why));
        }
        (false, None) => {}
    }
    let actions = ["Deny", "Allow"];
    fields::required_word(reference, "parameterNotFoundAction", &actions, path, errors);
}

/// Validates a ValidatingAdmissionPolicyBinding that is to be created.
pub(super) fn validate_binding_create(object: &Value, _options: &Options, errors: &mut Errors) {
    binding(object, errors);
    let root = Path::root("spec");
    let path = root.child("validationActions");
    let actions = child(object, "spec").items("validationActions");
    if actions.is_empty() {
        let why = "at least one validation action is required";
        errors.push(Error::required(&path, why));
    }
    let mut seen = BTreeSet::new();
    for (place, action) in actions.iter().enumerate() {
        let action = action.as_str().unwrap_or_default();
        let path = path.index(place);
        if !ACTIONS.contains(&action) {
            errors.push(Error::not_supported(&path, action, &ACTIONS));
        }
        if !seen.insert(action) {
            errors.push(Error::duplicate(&path, action));
        }
    }
    if seen.contains("Deny") && seen.contains("Warn") {
        let why = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        errors.push(Error::invalid(&path, actions.to_vec(), why));
    }
}

/// Validates what a ValidatingAdmissionPolicyBinding becomes by an update.
pub(super) fn validate_binding_update(
    new: &Value,
    _old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_binding_create(new, options, errors);
}

/// Validates a MutatingAdmissionPolicyBinding that is to be created.
pub(super) fn validate_mutating_binding_create(
    object: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    binding(object, errors);
}

/// Validates what a MutatingAdmissionPolicyBinding becomes by an update.
pub(super) fn validate_mutating_binding_update(
    new: &Value,
    _old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_mutating_binding_create(new, options, errors);
}
