//! Resources of the pod as a whole (`spec.resources`), completed from what its containers ask for.

use super::set::{if_absent, pointer};
use compact_str::{CompactString, format_compact};
use std::collections::BTreeMap;
use tollgate_api::pod_resources::{Amounts, List, as_specified, over_containers};
use tollgate_api::resource_name::{is_huge_pages, is_pod_level};
use tollgate_api::{Object, Quantity, Value};

/// The amount of each resource, as asked for by all containers together.
type Totals<'v> = BTreeMap<&'v str, Quantity>;

/// What is to be added to a resource list.
type Additions = Vec<(CompactString, Value)>;

/// Sets the pod-level limits and requests that follow from what is given, if any is given.
pub(super) fn set_defaults(spec: &mut Value) {
    if spec.get("resources").is_none() {
        return;
    }
    let limits = huge_page_limits(spec);
    add(spec, "limits", limits);
    let requests = requests(spec);
    add(spec, "requests", requests);
}

/// Huge pages that containers limit and the pod neither limits nor requests (`defaultHugePagePodLimits`).
fn huge_page_limits(spec: &Value) -> Additions {
    if !is_set(spec, "limits") && !is_set(spec, "requests") {
        return Vec::new();
    }
    totals(spec, List::Limits)
        .into_iter()
        .filter(|(name, _)| {
            is_huge_pages(name) && !has(spec, "limits", name) && !has(spec, "requests", name)
        })
        .map(|(name, total)| (name.into(), text(&total)))
        .collect()
}

/// Requests of a pod with limits: the sum of its containers' requests, else the limit (`defaultPodRequests`).
fn requests(spec: &Value) -> Additions {
    if !is_set(spec, "limits") {
        return Vec::new();
    }
    let mut additions: Additions = totals(spec, List::Requests)
        .into_iter()
        // Huge pages cannot be overcommitted: their request is their limit.
        .filter(|(name, _)| matches!(*name, "cpu" | "memory") && !has(spec, "requests", name))
        .map(|(name, total)| (name.into(), text(&total)))
        .collect();
    for (name, limit) in resource_list(spec, "limits") {
        if is_pod_level(name)
            && !has(spec, "requests", name)
            && !additions.iter().any(|(added, _)| added == name)
        {
            additions.push((name.into(), limit.clone()));
        }
    }
    additions
}

fn add(spec: &mut Value, key: &'static str, additions: Additions) {
    if additions.is_empty() {
        return;
    }
    let Some(resources) = pointer(spec, "resources") else {
        return;
    };
    if_absent(resources, key, Value::object());
    if let Some(list) = resources.get_mut(key).and_then(Value::as_object_mut) {
        for (name, amount) in additions {
            list.insert(name, amount);
        }
    }
}

fn text(quantity: &Quantity) -> Value {
    Value::String(format_compact!("{quantity}"))
}

/// The entries of a pod-level resource list.
fn resource_list<'v>(spec: &'v Value, key: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    spec.at(&["resources", key])
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Object::iter)
}

fn is_set(spec: &Value, key: &str) -> bool {
    resource_list(spec, key).next().is_some()
}

fn has(spec: &Value, key: &str, name: &str) -> bool {
    resource_list(spec, key).any(|(there, _)| there == name)
}

/// What all containers together ask for (`AggregateContainerRequests`, `AggregateContainerLimits`), by name.
fn totals(spec: &Value, list: List) -> Totals<'_> {
    let sum: Amounts<'_> = over_containers(spec, as_specified(list));
    sum.into_iter().collect()
}
