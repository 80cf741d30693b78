//! The scheduler never gives a node more than it has.

use super::footprint::{milli, of_containers};
use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror, is_terminal};
use std::collections::BTreeMap;
use tollgate_api::{Object, Value};
use tollgate_apiserver::storage::Key;

#[derive(Debug)]
struct Placed {
    node: String,
    /// What it asks for, in thousandths, by resource.
    requests: BTreeMap<String, i64>,
}

/// A binding finds room on its node.
#[derive(Debug, Default)]
pub(super) struct Room {
    placed: BTreeMap<Key, Placed>,
}

fn node_of(pod: &Value) -> &str {
    pod.get("spec")
        .map_or("", |spec| spec.str_or_empty("nodeName"))
}

/// The resources that the containers of a pod ask for.
fn requests(spec: &Value) -> BTreeMap<String, i64> {
    let lists = ["initContainers", "containers"];
    let containers = lists.into_iter().flat_map(|list| spec.items(list));
    let requests =
        containers.filter_map(|container| container.at(&["resources", "requests"])?.as_object());
    let mut found: BTreeMap<String, i64> = requests
        .flat_map(Object::iter)
        .map(|(resource, _)| {
            let amount = of_containers(spec, "requests", resource);
            (resource.to_owned(), amount)
        })
        .collect();
    found.insert("pods".to_owned(), 1000);
    found
}

impl Room {
    fn note(&mut self, change: &Change) {
        let pod = change.new.as_deref();
        let pod = pod.filter(|pod| !is_terminal(pod) && !node_of(pod).is_empty());
        let Some(pod) = pod else {
            self.placed.remove(&change.key);
            return;
        };
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        let placed = Placed {
            node: node_of(pod).to_owned(),
            requests: requests(spec),
        };
        self.placed.insert(change.key.clone(), placed);
    }

    fn check(&self, name: &str, node: &Value) -> Result<(), String> {
        let of = |resource: &str| {
            node.at(&["status", "allocatable", resource])
                .map_or(0, milli)
        };
        let there: Vec<(&Key, &Placed)> = self
            .placed
            .iter()
            .filter(|(_, placed)| placed.node == name)
            .collect();
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for (resource, amount) in there.iter().flat_map(|(_, placed)| &placed.requests) {
            *sums.entry(resource).or_default() += amount;
        }
        if let Some((resource, sum)) = sums.iter().find(|(resource, sum)| **sum > of(resource)) {
            return Err(format!(
                "node {name} was given {sum} thousandths of {resource} and has less: {there:?}"
            ));
        }
        Ok(())
    }
}

impl Law for Room {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes.iter().filter(|change| change.is_of("", "pods")) {
            self.note(change);
            let Some((old, new)) = change.both() else {
                continue;
            };
            let (from, to) = (node_of(old), node_of(new));
            if from == to {
                continue;
            }
            if !from.is_empty() {
                return Err(format!("pod {} moved from {from} to {to}", change.key));
            }
            if let Some(node) = mirror.get("", "nodes", "", to) {
                self.check(to, node)?;
            }
        }
        Ok(())
    }
}
