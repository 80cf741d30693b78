//! What kubelets would do to pods: tests of controllers do it by hand.

use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target, Verb};
use tollgate_controllers::clock::Clock as _;
use tollgate_controllers::resources::{EVENTS, PODS};
use tollgate_testkit::cluster::Cluster;

/// The name of an object.
pub(crate) fn name(object: &Value) -> String {
    object
        .at(&["metadata", "name"])
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

/// The names of objects.
pub(crate) fn names(objects: &[Value]) -> Vec<String> {
    objects.iter().map(name).collect()
}

/// Whether an object is on its way out.
pub(crate) fn is_dying(object: &Value) -> bool {
    object.at(&["metadata", "deletionTimestamp"]).is_some()
}

/// Binds a pod to a node.
pub(crate) fn bind(cluster: &Cluster, namespace: &str, pod: &str, node: &str) {
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"Binding","metadata":{{"name":"{pod}"}},"target":{{"kind":"Node","name":"{node}"}}}}"#
    );
    let binding = tollgate_api::json::from_str(&text).unwrap();
    let target = Target::object(&PODS, namespace, pod).sub("binding");
    cluster.call(target, Verb::Create(binding)).unwrap();
}

/// Says how a pod is: its phase, whether it is ready, since when.
pub(crate) fn set_phase(cluster: &Cluster, namespace: &str, pod: &str, phase: &str) {
    let now = cluster.world.now();
    let (ready, state) = match phase {
        "Running" => ("True", r#""running":{}"#.to_owned()),
        "Succeeded" => (
            "False",
            format!(r#""terminated":{{"exitCode":0,"finishedAt":"{now}"}}"#),
        ),
        "Failed" => (
            "False",
            format!(r#""terminated":{{"exitCode":1,"finishedAt":"{now}"}}"#),
        ),
        _ => ("False", r#""waiting":{}"#.to_owned()),
    };
    let patch = format!(
        r#"{{"status":{{"phase":"{phase}","conditions":[{{"type":"Ready","status":"{ready}","lastTransitionTime":"{now}"}}],
        "containerStatuses":[{{"name":"main","image":"i","imageID":"","ready":{},"restartCount":0,"state":{{{state}}}}}]}}}}"#,
        ready == "True"
    );
    let target = Target::object(&PODS, namespace, pod).sub("status");
    cluster.patch(target, &patch).unwrap();
}

/// Lets every pod of a namespace run and be ready, on some node, that has not ended and is not on its way out.
pub(crate) fn run_all(cluster: &Cluster, namespace: &str) {
    for pod in cluster.list(&PODS, namespace) {
        let phase = pod.at(&["status", "phase"]).and_then(Value::as_str);
        if phase == Some("Pending") && !is_dying(&pod) {
            if pod.at(&["spec", "nodeName"]).is_none() {
                bind(cluster, namespace, &name(&pod), "node");
            }
            set_phase(cluster, namespace, &name(&pod), "Running");
        }
    }
}

/// Ends pods that are on their way out, as their nodes would.
pub(crate) fn reap(cluster: &Cluster, namespace: &str) {
    for pod in cluster.list(&PODS, namespace) {
        if is_dying(&pod) {
            let deletion = Deletion {
                grace_period_seconds: Some(0),
                ..Deletion::default()
            };
            let name = name(&pod);
            let target = Target::object(&PODS, namespace, &name);
            cluster.delete(target, deletion).unwrap();
        }
    }
}

/// The events of a namespace: `reason: message`, sorted, each once.
pub(crate) fn events(cluster: &Cluster, namespace: &str) -> Vec<String> {
    let events = cluster.list(&EVENTS, namespace);
    let mut told: Vec<String> = events
        .iter()
        .map(|event| {
            format!(
                "{}: {}",
                event.str_or_empty("reason"),
                event.str_or_empty("message")
            )
        })
        .collect();
    told.sort();
    told.dedup();
    told
}
