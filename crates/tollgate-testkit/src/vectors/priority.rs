//! `priority.jsonl`

use super::{Outcome, compare};
use tollgate_api::field::Errors;
use tollgate_api::{Attributes, GroupResource, Object, Operation, Status, Value};
use tollgate_objects::validation;
use tollgate_policy::priority::{self, PriorityClasses};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let classes = PriorityClasses::new(case.items("priorityClasses"));
    let (resource, group) = case
        .str_or_empty("resource")
        .split_once('.')
        .unwrap_or((case.str_or_empty("resource"), ""));
    let resource = GroupResource::new(group, resource);
    let operation = Operation::parse(case.str_or_empty("operation")).unwrap_or(Operation::Create);
    let mut object = case.get("object").cloned().unwrap_or_default();
    let judged = if resource.resource == "pods" {
        match case.get("oldObject") {
            Some(old) => {
                priority::preserve(&mut object, old);
                Ok(())
            }
            None => classes.admit(&mut object),
        }
    } else {
        classes.validate(operation, &object)
    };
    let attributes = Attributes {
        operation,
        resource: &resource,
        subresource: "",
        namespace: "",
        name: "",
        user: None,
        object: case.get("object"),
        old_object: case.get("oldObject"),
        dry_run: false,
    };
    let status = judged
        .err()
        .map(|violation| priority::status(&attributes, &violation));
    let mut got = Value::object();
    got.set("allowed", status.is_none());
    got.set("error", status.as_ref().map(printed_status));
    if resource.resource == "pods" {
        got.set("mutated", status.is_none().then_some(object));
    } else {
        let errors = match case.get("oldObject") {
            Some(old) => validation::priority_class::validate_update(&object, old),
            None => validation::priority_class::validate(&object),
        };
        set_validation(&mut got, &object, &errors);
    }
    let expected: Value = got
        .as_object()
        .into_iter()
        .flat_map(Object::keys)
        .map(|key| (key, case.get(key).cloned()))
        .collect();
    compare(&expected, &got)
}

fn printed_status(status: &Status) -> Value {
    let mut printed = Value::object();
    printed.set("message", status.message.as_str());
    printed.set("code", i64::from(status.code));
    printed.set("reason", status.reason.as_str());
    printed
}

fn set_validation(got: &mut Value, class: &Value, errors: &Errors) {
    let printed: Vec<Value> = errors
        .iter()
        .map(|error| {
            [
                ("type", error.kind.reason()),
                ("field", error.field.as_str()),
                ("detail", error.detail.as_str()),
                ("text", error.to_string().as_str()),
            ]
            .into_iter()
            .collect()
        })
        .collect();
    let name = class.at(&["metadata", "name"]).and_then(Value::as_str);
    let message = (!errors.is_empty()).then(|| {
        let (group, kind) = ("scheduling.k8s.io", "PriorityClass");
        Status::invalid(group, kind, name.unwrap_or_default(), errors).message
    });
    got.set("validation", (!errors.is_empty()).then_some(printed));
    got.set("validationMessage", message);
}
