//! `limitranger.jsonl`: the LimitRanger plugin, both phases on one request.

use super::{Difference, Outcome, compare};
use tollgate_api::{Attributes, GroupResource, Operation, Status, Value};
use tollgate_objects::defaults::{persistent_volume_claim, pod};
use tollgate_policy::limit_range::{self, LimitRange};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let mut object = case.get("object").cloned().unwrap_or_default();
    let mut old_object = case.get("oldObject").cloned();
    for object in [Some(&mut object), old_object.as_mut()]
        .into_iter()
        .flatten()
    {
        match case.str_or_empty("kind") {
            "Pod" => pod::set_defaults(object),
            _ => persistent_volume_claim::set_defaults(object),
        }
    }
    if let Some(defaulted) = case.get("defaulted") {
        compare(defaulted, &shown(case, &object))?;
    }
    let resource = GroupResource::new("", case.str_or_empty("resource"));
    let metadata = object.get("metadata").cloned().unwrap_or_default();
    let mut attributes = Attributes {
        operation: Operation::parse(case.str_or_empty("operation")).unwrap_or(Operation::Connect),
        resource: &resource,
        subresource: case.str_or_empty("subresource"),
        namespace: case.str_or_empty("namespace"),
        name: metadata.str_or_empty("name"),
        user: None,
        object: None,
        old_object: old_object.as_ref(),
        dry_run: false,
    };
    // The lister gives those of the request's namespace.
    let ranges: Vec<LimitRange> = case
        .items("limitRanges")
        .iter()
        .filter(|range| range.at(&["metadata", "namespace"]) == case.get("namespace"))
        .map(LimitRange::new)
        .collect();
    if let Some(why) = case.str("listError") {
        attributes.object = Some(&object);
        let status = limit_range::list_failed(&attributes, why);
        return compare_answer(case, "mutate", status.as_ref().map(|status| (status, None)));
    }
    if !case.bool("validateOnly").unwrap_or(false) {
        limit_range::mutate(&ranges, &attributes, &mut object);
    }
    if let Some(mutated) = case.get("mutated") {
        compare(mutated, &shown(case, &object))?;
    }
    attributes.object = Some(&object);
    match limit_range::validate(&ranges, &attributes) {
        Ok(()) => compare_answer(case, "validate", None),
        Err(refusal) => compare_answer(case, "validate", Some((&refusal.status, Some(&refusal)))),
    }
}

/// What the vectors show of an object: what it asks for, and annotations.
fn shown(case: &Value, object: &Value) -> Value {
    let spec = object.get("spec").cloned().unwrap_or_default();
    let resources = |owner: &Value| {
        let mut resources = Value::object();
        for key in ["limits", "requests", "claims"] {
            // Go leaves empty lists out.
            if let Some(list) = owner.at(&["resources", key])
                && (list.as_object().is_some_and(|list| !list.is_empty())
                    || list.as_array().is_some_and(|list| !list.is_empty()))
            {
                resources.set(key, list.clone());
            }
        }
        resources
    };
    let mut shown = Value::object();
    if case.str("kind") == Some("Pod") {
        for list in ["containers", "initContainers"] {
            let containers: Vec<Value> = spec
                .items(list)
                .iter()
                .map(|container| {
                    let mut shown = Value::object();
                    shown.set("name", container.str_or_empty("name"));
                    shown.set("resources", resources(container));
                    shown
                })
                .collect();
            if !containers.is_empty() {
                shown.set(list, containers);
            }
        }
        if spec.get("resources").is_some() {
            shown.set("resources", resources(&spec));
        }
        if let Some(annotations) = object.at(&["metadata", "annotations"]) {
            shown.set("annotations", annotations.clone());
        }
    } else {
        shown.set("resources", resources(&spec));
    }
    shown
}

fn compare_answer(
    case: &Value,
    phase: &str,
    refusal: Option<(&Status, Option<&limit_range::Refusal>)>,
) -> Outcome {
    let Some((status, refusal)) = refusal else {
        return compare(&case.bool("allowed").unwrap_or(false), &true);
    };
    let mut got = Value::object();
    got.set("allowed", false);
    got.set("phase", phase);
    got.set("code", i64::from(status.code));
    got.set("reason", status.reason.as_str());
    if let Some(details) = &status.details {
        got.set("kind", details.kind.as_str());
        got.set("name", details.name.as_str());
    }
    let random = case.bool("errorOrderRandom").unwrap_or(false);
    if !random {
        got.set("error", status.message.as_str());
    }
    let mut expected = Value::object();
    for key in ["allowed", "phase"] {
        expected.set(key, case.get(key).cloned().unwrap_or_default());
    }
    for (key, path) in [
        ("code", &["status", "code"][..]),
        ("reason", &["status", "reason"]),
        ("kind", &["status", "details", "kind"]),
        ("name", &["status", "details", "name"]),
    ] {
        expected.set(key, case.at(path).cloned().unwrap_or_default());
    }
    if !random {
        expected.set("error", case.get("error").cloned().unwrap_or_default());
    }
    if let Some(refusal) = refusal {
        let first = refusal
            .violations
            .first()
            .and_then(|violation| violation.policy.as_ref());
        let first = first.map_or("", |policy| policy.name.as_str());
        let mut messages: Vec<&str> = refusal
            .violations
            .iter()
            .filter(|violation| {
                violation
                    .policy
                    .as_ref()
                    .is_some_and(|policy| policy.name == first)
            })
            .map(|violation| violation.message.as_str())
            .collect();
        messages.sort_unstable();
        messages.dedup();
        got.set("limitRange", first);
        got.set("errors", messages);
        for key in ["limitRange", "errors"] {
            expected.set(key, case.get(key).cloned().unwrap_or_default());
        }
    }
    if expected == got {
        Ok(())
    } else {
        Err(Difference {
            expected: expected.to_string(),
            got: got.to_string(),
        })
    }
}
