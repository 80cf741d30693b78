//! Tolerations: `ValidateTolerations`.

use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a list of tolerations.
pub(in crate::validation) fn validate(tolerations: &[Value], path: &Path<'_>, errors: &mut Errors) {
    for (index, toleration) in tolerations.iter().enumerate() {
        validate_toleration(toleration, &path.index(index), errors);
    }
}

fn validate_toleration(toleration: &Value, path: &Path<'_>, errors: &mut Errors) {
    let key = toleration.str_or_empty("key");
    let operator = toleration.str_or_empty("operator");
    let value = toleration.str_or_empty("value");
    let effect = toleration.str_or_empty("effect");
    let operator_path = path.child("operator");
    let effect_path = path.child("effect");
    if !key.is_empty() {
        invalid_each(names::qualified_name(key), key, &path.child("key"), errors);
    } else if operator != "Exists" {
        errors.push(Error::invalid(
            &operator_path,
            operator,
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
        ));
    }
    if toleration.int("tolerationSeconds").is_some() && effect != "NoExecute" {
        errors.push(Error::invalid(
            &effect_path,
            effect,
            "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ));
    }
    match operator {
        "Equal" | "" => {
            let messages = names::label_value(value);
            if !messages.is_empty() {
                errors.push(Error::invalid(&operator_path, value, messages.join(";")));
            }
        }
        "Exists" if !value.is_empty() => errors.push(Error::invalid(
            &operator_path,
            value,
            "value must be empty when `operator` is 'Exists'",
        )),
        "Exists" => {}
        // Comparisons are behind a gate that is off in 1.36; its message lists them all the same.
        "Lt" | "Gt" => errors.push(Error::not_supported(
            &operator_path,
            operator,
            &["Equal", "Exists", "Lt", "Gt"],
        )),
        _ => errors.push(Error::not_supported(
            &operator_path,
            operator,
            &["Equal", "Exists"],
        )),
    }
    if !matches!(effect, "" | "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
        errors.push(Error::not_supported(
            &effect_path,
            effect,
            &["NoSchedule", "PreferNoSchedule", "NoExecute"],
        ));
    }
}
