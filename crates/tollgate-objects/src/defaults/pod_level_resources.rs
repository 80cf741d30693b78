//! Resources of the pod as a whole (`spec.resources`), completed from what its containers ask for.

use super::set::{if_absent, pointer};
use compact_str::{CompactString, format_compact};
use std::collections::BTreeMap;
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
    totals(spec, "limits")
        .into_iter()
        .filter(|(name, _)| {
            is_huge_page(name) && !has(spec, "limits", name) && !has(spec, "requests", name)
        })
        .map(|(name, total)| (name.into(), text(&total)))
        .collect()
}

/// Requests of a pod with limits: the sum of its containers' requests, else the limit (`defaultPodRequests`).
fn requests(spec: &Value) -> Additions {
    if !is_set(spec, "limits") {
        return Vec::new();
    }
    let mut additions: Additions = totals(spec, "requests")
        .into_iter()
        // Huge pages cannot be overcommitted: their request is their limit.
        .filter(|(name, _)| matches!(*name, "cpu" | "memory") && !has(spec, "requests", name))
        .map(|(name, total)| (name.into(), text(&total)))
        .collect();
    for (name, limit) in resource_list(spec, "limits") {
        if is_supported(name)
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

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// The resources that can be set for a pod as a whole.
fn is_supported(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

/// What all containers together ask for (`AggregateContainerRequests`, `AggregateContainerLimits`): the regular ones
/// and the sidecars run together; before them each init container runs beside the sidecars started so far.
fn totals<'v>(spec: &'v Value, key: &str) -> Totals<'v> {
    let mut running = Totals::new();
    for container in spec.items("containers") {
        add_list(&mut running, container, key);
    }
    let mut sidecars = Totals::new();
    let mut starting = Totals::new();
    for container in spec.items("initContainers") {
        if container.str("restartPolicy") == Some("Always") {
            add_list(&mut running, container, key);
            add_list(&mut sidecars, container, key);
            raise(&mut starting, sidecars.clone());
        } else {
            let mut step = Totals::new();
            add_list(&mut step, container, key);
            for (name, amount) in &sidecars {
                add_amount(&mut step, name, amount.clone());
            }
            raise(&mut starting, step);
        }
    }
    raise(&mut running, starting);
    running
}

fn add_list<'v>(totals: &mut Totals<'v>, container: &'v Value, key: &str) {
    let Some(list) = container.at(&["resources", key]).and_then(Value::as_object) else {
        return;
    };
    for (name, amount) in list.iter() {
        if let Ok(quantity) = Quantity::from_value(amount) {
            add_amount(totals, name, quantity);
        }
    }
}

fn add_amount<'v>(totals: &mut Totals<'v>, name: &'v str, quantity: Quantity) {
    match totals.get_mut(name) {
        Some(total) => total.add(&quantity),
        None => {
            totals.insert(name, quantity);
        }
    }
}

/// Takes the larger amount of each resource.
fn raise<'v>(totals: &mut Totals<'v>, others: Totals<'v>) {
    for (name, other) in others {
        match totals.get_mut(name) {
            Some(total) if other.compare(total).is_le() => {}
            _ => {
                totals.insert(name, other);
            }
        }
    }
}
