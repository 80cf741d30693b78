//! What is free on nodes once all is well, and which of them would take a pod that has none.

use super::laws::{milli, of_containers, refusal, stands_apart};
use super::mirror::{Mirror, is_terminal};
use std::collections::BTreeMap;
use tollgate_api::Value;

/// Pods, CPU, memory and what only some ask for.
pub(super) type Room = [i64; 4];

const GPU: &str = "example.com/gpu";

fn needs(pod: &Value) -> Room {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let of = |resource| of_containers(spec, "requests", resource);
    [1000, of("cpu"), of("memory"), of(GPU)]
}

/// What is free on each node that takes pods.
pub(super) fn room(mirror: &Mirror) -> BTreeMap<String, Room> {
    let mut free = BTreeMap::new();
    for (key, node) in mirror.of("", "nodes", None) {
        let of = |resource| {
            let amount = node.at(&["status", "allocatable", resource]);
            amount.map_or(0, milli)
        };
        let all = [of("pods"), of("cpu"), of("memory"), of(GPU)];
        free.insert(key.name().to_owned(), all);
    }
    for (_, pod) in mirror.of("", "pods", None) {
        let node = pod
            .at(&["spec", "nodeName"])
            .and_then(Value::as_str)
            .unwrap_or_default();
        if let Some(free) = free.get_mut(node).filter(|_| !is_terminal(pod)) {
            for (free, need) in free.iter_mut().zip(needs(pod)) {
                *free -= need;
            }
        }
    }
    free
}

/// A node that would take a pod as things are.
pub(super) fn could_run<'f>(
    mirror: &Mirror,
    pod: &Value,
    free: &'f BTreeMap<String, Room>,
) -> Option<&'f String> {
    let spec = pod.get("spec")?;
    // Claims choose nodes, too.
    if spec
        .items("volumes")
        .iter()
        .any(|volume| volume.get("persistentVolumeClaim").is_some())
    {
        return None;
    }
    let needs = needs(pod);
    let mut fitting = free.iter().filter(|(name, free)| {
        let has_room = free.iter().zip(needs).all(|(free, need)| *free >= need);
        let node = mirror.get("", "nodes", "", name);
        has_room
            && node.is_some_and(|node| {
                refusal(pod, node).is_none() && !stands_apart(mirror, pod, node)
            })
    });
    fitting.next().map(|(name, _)| name)
}
