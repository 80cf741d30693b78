//! When a single container restarts: `validateContainerRestartPolicy`.

use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const RULES_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;

const MUST_SPECIFY: &str = "must specify restartPolicy when restart rules are used";

/// The same of an init container, whose rules nobody looks at without a policy.
pub(super) fn validate_init(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let has_rules = !container.items("restartPolicyRules").is_empty();
    if container.get("restartPolicy").is_some() {
        validate(container, path, errors);
    } else if has_rules {
        errors.push(Error::required(&path.child("restartPolicy"), MUST_SPECIFY));
    }
}

/// Validates `restartPolicy` and `restartPolicyRules` of any container but an ephemeral one.
pub(super) fn validate(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rules = container.items("restartPolicyRules");
    let policy_path = path.child("restartPolicy");
    match container.str("restartPolicy") {
        None if rules.is_empty() => return,
        None => errors.push(Error::required(&policy_path, MUST_SPECIFY)),
        Some("Always" | "Never" | "OnFailure") => {}
        Some(other) => errors.push(Error::not_supported(
            &policy_path,
            other,
            &["Always", "Never", "OnFailure"],
        )),
    }
    let path = path.child("restartPolicyRules");
    if rules.len() > RULES_MAX {
        errors.push(too_many(rules, RULES_MAX, &path));
    }
    for (index, rule) in rules.iter().enumerate() {
        validate_rule(rule, &path.index(index), errors);
    }
}

fn validate_rule(rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    let action = rule.str_or_empty("action");
    if !matches!(action, "Restart" | "RestartAllContainers") {
        errors.push(Error::not_supported(
            &path.child("action"),
            action,
            &["Restart", "RestartAllContainers"],
        ));
    }
    let path = path.child("exitCodes");
    let Some(exit_codes) = rule.get("exitCodes") else {
        errors.push(Error::required(&path, "must be specified"));
        return;
    };
    let operator = exit_codes.str_or_empty("operator");
    if !matches!(operator, "In" | "NotIn") {
        errors.push(Error::not_supported(
            &path.child("operator"),
            operator,
            &["In", "NotIn"],
        ));
    }
    let values = exit_codes.items("values");
    if values.len() > EXIT_CODES_MAX {
        errors.push(too_many(values, EXIT_CODES_MAX, &path.child("values")));
    }
}

fn too_many(items: &[Value], max: usize, path: &Path<'_>) -> Error {
    Error::too_many(path, i64::try_from(items.len()).unwrap_or(i64::MAX), max)
}
