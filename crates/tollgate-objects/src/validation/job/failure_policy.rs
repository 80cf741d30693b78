//! `spec.podFailurePolicy`: what a failed pod means for its Job.

use super::has_no_indexes;
use crate::validation::go_values;
use crate::validation::object_meta::invalid_each;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const RULES_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;
const CONDITIONS_MAX: usize = 20;
const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: [&str; 2] = ["In", "NotIn"];
const STATUSES: [&str; 3] = ["False", "True", "Unknown"];

pub(super) fn validate(spec: &Value, policy: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("rules");
    let rules = policy.items("rules");
    if rules.len() > RULES_MAX {
        let count = i64::try_from(rules.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(&path, count, RULES_MAX));
    }
    let template = spec.at(&["template", "spec"]).unwrap_or(&Value::Null);
    let containers: BTreeSet<&str> = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| template.items(list))
        .map(|container| container.str_or_empty("name"))
        .collect();
    for (place, rule) in rules.iter().enumerate() {
        validate_rule(spec, rule, &containers, &path.index(place), errors);
    }
}

fn validate_rule(
    spec: &Value,
    rule: &Value,
    containers: &BTreeSet<&str>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let action = rule.str_or_empty("action");
    let action_path = path.child("action");
    if action.is_empty() {
        // Upstream prints a Go slice.
        let quoted = ACTIONS.map(|action| format!("{action:?}")).join(" ");
        errors.push(Error::required(
            &action_path,
            format!("valid values: [{quoted}]"),
        ));
    } else if action == "FailIndex" {
        if spec.get("backoffLimitPerIndex").is_none() || has_no_indexes(spec) {
            let why = "requires the backoffLimitPerIndex to be set";
            errors.push(Error::invalid(&action_path, action, why));
        }
    } else if !ACTIONS.contains(&action) {
        errors.push(Error::not_supported(&action_path, action, &ACTIONS));
    }
    let codes = rule.get("onExitCodes");
    if let Some(codes) = codes {
        exit_codes(codes, containers, &path.child("onExitCodes"), errors);
    }
    let conditions = rule.items("onPodConditions");
    if !conditions.is_empty() {
        pod_conditions(conditions, &path.child("onPodConditions"), errors);
    }
    // Upstream shows an empty value here.
    let shown = |why: &str| Error::invalid_shown(path, Value::Null, why.to_owned(), "");
    match (codes.is_some(), !conditions.is_empty()) {
        (true, true) => {
            let why = "specifying both OnExitCodes and OnPodConditions is not supported";
            errors.push(shown(why));
        }
        (false, false) => {
            let why = "specifying one of OnExitCodes and OnPodConditions is required";
            errors.push(shown(why));
        }
        _ => {}
    }
}

fn exit_codes(codes: &Value, containers: &BTreeSet<&str>, path: &Path<'_>, errors: &mut Errors) {
    let operator = codes.str_or_empty("operator");
    let operator_path = path.child("operator");
    if operator.is_empty() {
        errors.push(Error::required(
            &operator_path,
            "valid values: [\"In\" \"NotIn\"]",
        ));
    } else if !OPERATORS.contains(&operator) {
        errors.push(Error::not_supported(&operator_path, operator, &OPERATORS));
    }
    if let Some(name) = codes.str("containerName")
        && !containers.contains(name)
    {
        let why = "must be one of the container or initContainer names in the pod template";
        errors.push(Error::invalid(&path.child("containerName"), name, why));
    }
    let path = path.child("values");
    let values = codes.items("values");
    if values.is_empty() {
        let shown = go_values::nullable(codes, "values");
        errors.push(Error::invalid(
            &path,
            shown,
            "at least one value is required",
        ));
    }
    if values.len() > EXIT_CODES_MAX {
        let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(&path, count, EXIT_CODES_MAX));
    }
    let mut seen = BTreeSet::new();
    let mut ordered = true;
    let mut before = None;
    for (place, value) in values.iter().enumerate() {
        let code = value.as_i64().unwrap_or_default();
        if operator == "In" && code == 0 {
            let why = "must not be 0 for the In operator";
            errors.push(Error::invalid(&path.index(place), code, why));
        }
        if !seen.insert(code) {
            errors.push(Error::duplicate(&path.index(place), code));
        }
        ordered &= before.is_none_or(|before| before <= code);
        before = Some(code);
    }
    if !ordered {
        let shown = Value::Array(values.to_vec());
        errors.push(Error::invalid(&path, shown, "must be ordered"));
    }
}

fn pod_conditions(conditions: &[Value], path: &Path<'_>, errors: &mut Errors) {
    if conditions.len() > CONDITIONS_MAX {
        let count = i64::try_from(conditions.len()).unwrap_or(i64::MAX);
        errors.push(Error::too_many(path, count, CONDITIONS_MAX));
    }
    for (place, condition) in conditions.iter().enumerate() {
        let path = path.index(place);
        let name = condition.str_or_empty("type");
        invalid_each(
            names::qualified_name(name),
            name,
            &path.child("type"),
            errors,
        );
        let status = condition.str_or_empty("status");
        let path = path.child("status");
        if status.is_empty() {
            let why = "valid values: [\"False\" \"True\" \"Unknown\"]";
            errors.push(Error::required(&path, why));
        } else if !STATUSES.contains(&status) {
            errors.push(Error::not_supported(&path, status, &STATUSES));
        }
    }
}

/// A policy as upstream's internal type prints.
pub(super) fn shown(policy: &Value) -> Value {
    let rules = go_values::structs(policy, "rules", |rule| {
        let codes = |codes: &Value| {
            go_values::object([
                ("ContainerName", go_values::nullable(codes, "containerName")),
                ("Operator", go_values::text(codes, "operator")),
                ("Values", go_values::nullable(codes, "values")),
            ])
        };
        let conditions = go_values::structs(rule, "onPodConditions", |condition| {
            go_values::object([
                ("Type", go_values::text(condition, "type")),
                ("Status", go_values::text(condition, "status")),
            ])
        });
        go_values::object([
            ("Action", go_values::text(rule, "action")),
            (
                "OnExitCodes",
                go_values::pointer(rule, "onExitCodes", codes),
            ),
            ("OnPodConditions", conditions),
        ])
    });
    go_values::object([("Rules", rules)])
}
