//! DaemonSet: a pod per node, bound to it by affinity.

use super::pod::{self, Name};
use super::{Cluster, Plan, UNKNOWN_SUFFIX, scaled};
use tollgate_api::Value;

/// What the controller lets its pods tolerate (`AddOrUpdateDaemonPodTolerations`).
const TOLERATIONS: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

pub(super) fn plan(template: Option<Value>, set: &Value, cluster: Cluster) -> Plan {
    let name = pod::name_of(set);
    let mut pod = pod::from_template(template, set, Name::Generated(name));
    pod::label(
        &mut pod,
        "controller-revision-hash",
        &format!("{UNKNOWN_SUFFIX}{UNKNOWN_SUFFIX}"),
    );
    pod::label(&mut pod, "pod-template-generation", "1");
    let spec = pod.child_mut("spec");
    add_tolerations(spec);
    bind(spec);

    let strategy = set.at(&["spec", "updateStrategy"]);
    let rolling = strategy.filter(|strategy| strategy.str("type") != Some("OnDelete"));
    let parameter = |key| rolling?.get("rollingUpdate")?.get(key);
    let surge = scaled(parameter("maxSurge"), cluster.nodes, true, 0);
    Plan {
        pod,
        pods: cluster.nodes,
        surge,
        // Validation lets only one of maxSurge and maxUnavailable be set.
        may_shrink: surge == 0,
        objects: Vec::new(),
    }
}

fn add_tolerations(spec: &mut Value) {
    let network = spec.bool("hostNetwork") == Some(true);
    let network = network.then_some(("node.kubernetes.io/network-unavailable", "NoSchedule"));
    let mut tolerations = spec.items("tolerations").to_vec();
    for (key, effect) in TOLERATIONS.iter().copied().chain(network) {
        let toleration: Value = [("key", key), ("operator", "Exists"), ("effect", effect)]
            .into_iter()
            .collect();
        // One of the template for the same taints gives way, for however short a time it would tolerate them.
        let same = tolerations.iter_mut().find(|other| {
            ["key", "operator", "effect", "value"]
                .into_iter()
                .all(|field| other.str_or_empty(field) == toleration.str_or_empty(field))
        });
        match same {
            Some(place) => *place = toleration,
            None => tolerations.push(toleration),
        }
    }
    spec.set("tolerations", Value::Array(tolerations));
}

/// Binds the pod to its node (`ReplaceDaemonSetPodNodeNameNodeAffinity`); required terms of the template, by which
/// the controller chose the nodes, are replaced.
fn bind(spec: &mut Value) {
    let mut field: Value = [("key", "metadata.name"), ("operator", "In")]
        .into_iter()
        .collect();
    field.set("values", vec![UNKNOWN_SUFFIX]);
    let mut term = Value::object();
    term.set("matchFields", Value::Array(vec![field]));
    spec.child_mut("affinity")
        .child_mut("nodeAffinity")
        .child_mut("requiredDuringSchedulingIgnoredDuringExecution")
        .set("nodeSelectorTerms", Value::Array(vec![term]));
}
