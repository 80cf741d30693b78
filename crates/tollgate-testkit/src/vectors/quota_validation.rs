//! `quota-validation.jsonl`: field errors and warnings about a ResourceQuota.

use super::{Outcome, compare, readings};
use tollgate_api::{Status, Value, field};
use tollgate_objects::validation::resource_quota;

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    readings::replay(case, run_as_written)
}

fn run_as_written(case: &Value) -> Outcome {
    let object = case.get("object").unwrap_or(&Value::Null);
    let old = case.get("oldObject").unwrap_or(&Value::Null);
    let operation = case.str_or_empty("operation");
    let mut errors = match operation {
        "update" => resource_quota::validate_update(object, old),
        "statusUpdate" => resource_quota::validate_status_update(object, old),
        _ => resource_quota::validate(object),
    };
    let name = object
        .get("metadata")
        .map_or("", |metadata| metadata.str_or_empty("name"));
    let status = Status::invalid("", "ResourceQuota", name, &errors);
    if case.bool("orderVaries") == Some(true) {
        errors.sort_by_key(ToString::to_string);
    }
    let printed: Vec<Value> = errors.iter().map(error_value).collect();

    let mut expected = Value::object();
    for field in ["valid", "errors", "warnings"] {
        expected.set(field, case.get(field).cloned());
    }
    let mut got = Value::object();
    got.set("valid", errors.is_empty());
    got.set("errors", printed);
    let warnings = if operation == "create" {
        resource_quota::warnings_on_create(object)
    } else {
        Vec::new()
    };
    got.set("warnings", (!warnings.is_empty()).then_some(warnings));
    if let Some(message) = case.str("message") {
        expected.set("message", message);
        got.set("message", status.message);
    }
    compare(&expected, &got)
}

fn error_value(error: &field::Error) -> Value {
    let mut value = Value::object();
    value.set("type", error.kind.reason());
    value.set("field", error.field.as_str());
    if !error.detail.is_empty() {
        value.set("detail", error.detail.as_str());
    }
    value.set("text", error.to_string());
    value
}
