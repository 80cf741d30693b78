//! No pod comes in that a LimitRange of its namespace refuses, worked out from the texts alone.

use super::footprint::{milli, of_containers};
use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror};
use tollgate_api::{Object, Value};

/// Pods are within the LimitRanges of their namespaces.
#[derive(Debug)]
pub(super) struct Ranges;

fn amounts<'v>(item: &'v Value, field: &str) -> impl Iterator<Item = (&'v str, i64)> + use<'v> {
    let found = item.get(field).and_then(Value::as_object);
    let found = found.into_iter().flat_map(Object::iter);
    found.map(|(resource, amount)| (resource, milli(amount)))
}

fn of_container(container: &Value, list: &str, resource: &str) -> Option<i64> {
    container.at(&["resources", list, resource]).map(milli)
}

/// Which bound of an item a pod breaks.
fn broken(item: &Value, spec: &Value) -> Option<String> {
    let is_about_containers = item.str("type") == Some("Container");
    let lists = ["initContainers", "containers"];
    let containers = lists.into_iter().flat_map(|list| spec.items(list));
    let containers: Vec<&Value> = containers.filter(|_| is_about_containers).collect();
    let is_about_pods = item.str("type") == Some("Pod");
    for (resource, max) in amounts(item, "max") {
        let mut limits = containers
            .iter()
            .map(|container| of_container(container, "limits", resource));
        let is_beyond = is_about_pods && of_containers(spec, "limits", resource) > max;
        if is_beyond || limits.any(|limit| limit.is_none_or(|limit| limit > max)) {
            return Some(format!("more {resource} than {max} thousandths"));
        }
    }
    for (resource, min) in amounts(item, "min") {
        let mut requests = containers
            .iter()
            .map(|container| of_container(container, "requests", resource));
        let is_below = is_about_pods && of_containers(spec, "requests", resource) < min;
        if is_below || requests.any(|request| request.is_none_or(|request| request < min)) {
            return Some(format!("less {resource} than {min} thousandths"));
        }
    }
    None
}

impl Law for Ranges {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes.iter().filter(|change| change.is_of("", "pods")) {
            let Some(spec) = change.created().and_then(|pod| pod.get("spec")) else {
                continue;
            };
            for (key, range) in mirror.of("", "limitranges", Some(change.key.namespace())) {
                let items = range
                    .get("spec")
                    .map_or(&[][..], |range| range.items("limits"));
                if let Some(bound) = items.iter().find_map(|item| broken(item, spec)) {
                    return Err(format!("pod {} has {bound} of {key}: {spec}", change.key));
                }
            }
        }
        Ok(())
    }
}
