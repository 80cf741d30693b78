//! What people do to nodes.

use super::objects::{DISK, DISKS};
use super::{Hands, Told};
use crate::cluster::Cluster;
use crate::simulation::mirror::{Mirror, meta};
use tollgate_api::Value;
use tollgate_api::client::Target;
use tollgate_controllers::node::DOWN;
use tollgate_controllers::resources::NODES;

/// The key of taints that people set.
const TAINT: &str = "simulation/taint";

pub(super) fn act(hands: &Hands<'_>) -> Option<Told> {
    let (_, name, node) = hands.any(&NODES)?;
    let target = Target::object(&NODES, "", &name);
    let spec = node.get("spec").unwrap_or(&Value::Null);
    Some(match hands.dice.below(13) {
        10..=12 => {
            let value = hands.dice.one_of(vec![Some(0), Some(1), None]).flatten();
            let value = value.map_or("null".to_owned(), |disk: usize| {
                format!("{:?}", DISKS[disk])
            });
            let patch = format!(r#"{{"metadata":{{"labels":{{"{DISK}":{value}}}}}}}"#);
            (
                "label node",
                format!("{name} {value}"),
                hands.patch(target, &patch),
            )
        }
        0..=2 => {
            let cordoned = spec.bool("unschedulable") == Some(true);
            let patch = format!(r#"{{"spec":{{"unschedulable":{}}}}}"#, !cordoned);
            (
                "cordon",
                format!("{name} {}", !cordoned),
                hands.patch(target, &patch),
            )
        }
        3..=5 => {
            let (about, patch) = taint(hands, spec);
            (
                "taint",
                format!("{name} {about}"),
                hands.patch(target, &patch),
            )
        }
        6..=8 => {
            let told = node.at(&["metadata", "annotations", DOWN]);
            let value = if told.is_some() { "null" } else { r#""true""# };
            let patch = format!(r#"{{"metadata":{{"annotations":{{"{DOWN}":{value}}}}}}}"#);
            (
                "down",
                format!("{name} {value}"),
                hands.patch(target, &patch),
            )
        }
        _ => ("delete node", name.clone(), hands.delete(target)),
    })
}

/// Sets the taint with another effect, or takes it away: other taints stay.
fn taint(hands: &Hands<'_>, spec: &Value) -> (String, String) {
    let others = spec
        .items("taints")
        .iter()
        .filter(|taint| taint.str("key") != Some(TAINT));
    let mut taints: Vec<String> = others.map(ToString::to_string).collect();
    let effect = hands
        .dice
        .pick(&["NoSchedule", "NoExecute", "PreferNoSchedule", "", ""]);
    if !effect.is_empty() {
        taints.push(format!(r#"{{"key":"{TAINT}","effect":"{effect}"}}"#));
    }
    let patch = format!(r#"{{"spec":{{"taints":[{}]}}}}"#, taints.join(","));
    (effect.to_owned(), patch)
}

/// Brings every node back. Those that are gone come with the next start of their kubelets.
pub(super) fn heal(cluster: &Cluster, mirror: &Mirror) {
    for (_, node) in mirror.of("", "nodes", None) {
        let spec = node.get("spec").unwrap_or(&Value::Null);
        let others = spec
            .items("taints")
            .iter()
            .filter(|taint| taint.str("key") != Some(TAINT));
        let taints: Vec<String> = others.map(ToString::to_string).collect();
        let patch = format!(
            r#"{{"metadata":{{"annotations":{{"{DOWN}":null}}}},"spec":{{"unschedulable":false,"taints":[{}]}}}}"#,
            taints.join(",")
        );
        let target = Target::object(&NODES, "", meta(node, "name"));
        cluster.patch(target, &patch).expect("a node can be healed");
    }
}
