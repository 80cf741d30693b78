//! The scheduler never gives a node more than it has.

use super::footprint::{milli, of_containers};
use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror, is_terminal};
use std::collections::BTreeMap;
use tollgate_api::Value;
use tollgate_apiserver::storage::Key;

#[derive(Debug)]
struct Placed {
    node: String,
    cpu: i64,
    memory: i64,
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
            cpu: of_containers(spec, "requests", "cpu"),
            memory: of_containers(spec, "requests", "memory"),
        };
        self.placed.insert(change.key.clone(), placed);
    }

    fn check(&self, name: &str, node: &Value) -> Result<(), String> {
        let of = |resource| {
            node.at(&["status", "allocatable", resource])
                .map_or(0, milli)
        };
        let there: Vec<(&Key, &Placed)> = self
            .placed
            .iter()
            .filter(|(_, placed)| placed.node == name)
            .collect();
        let cpu: i64 = there.iter().map(|(_, placed)| placed.cpu).sum();
        let memory: i64 = there.iter().map(|(_, placed)| placed.memory).sum();
        let pods = i64::try_from(there.len()).unwrap_or(i64::MAX) * 1000;
        if cpu > of("cpu") || memory > of("memory") || pods > of("pods") {
            return Err(format!("node {name} was given more than it has: {there:?}"));
        }
        Ok(())
    }
}

impl Law for Room {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        _: Circumstances,
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
