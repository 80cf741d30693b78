//! Whole decisions, on data.

mod decisions;
mod preemption;
mod properties;
mod scores;

use super::cluster::Cluster;
use super::decide::{Context, Decision, decide};
use super::node::NodeFacts;
use super::pod::PodInfo;
use std::sync::Arc;
use tollgate_api::{Release, Timestamp, Value, json};

fn value(text: &str) -> Value {
    json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn context() -> Context {
    Context {
        release: Release::default(),
        random: 0,
        now: Timestamp::from_unix_seconds(1_000_000),
    }
}

/// A cluster of nodes, each given by its name and its object.
fn cluster(nodes: &[(&str, &str)]) -> Cluster {
    let mut cluster = Cluster::default();
    for (name, node) in nodes {
        cluster.set_node(name, NodeFacts::read(&value(node)));
    }
    cluster
}

/// The object of a node with so much CPU and room for ten pods.
fn sized(cpu: &str) -> String {
    format!(r#"{{"status":{{"allocatable":{{"cpu":"{cpu}","memory":"8Gi","pods":"10"}}}}}}"#)
}

/// A pod that is given by its name, priority, CPU and further fields of its spec.
fn pod(cluster: &mut Cluster, name: &str, priority: i64, cpu: &str, more: &str) -> Arc<PodInfo> {
    let object = value(&format!(
        r#"{{"metadata":{{"namespace":"default","name":"{name}","uid":"uid-{name}","labels":{{"app":"{name}"}}}},
        "spec":{{"priority":{priority},"containers":[{{"resources":{{"requests":{{"cpu":"{cpu}"}}}}}}]{more}}}}}"#
    ));
    cluster.share(PodInfo::read(&object))
}

fn place(cluster: &mut Cluster, pod: &PodInfo, node: &str) -> Arc<PodInfo> {
    let mut pod = pod.clone();
    pod.node_name = node.into();
    let pod = Arc::new(pod);
    cluster.place(&pod);
    pod
}

#[track_caller]
fn assigned(decision: Decision) -> String {
    match decision {
        Decision::Assign { node, .. } => node.to_string(),
        Decision::Wait { message, .. } => panic!("no node: {message}"),
    }
}

#[track_caller]
fn message(decision: Decision) -> String {
    match decision {
        Decision::Assign { node, .. } => panic!("assigned to {node}"),
        Decision::Wait { message, .. } => message,
    }
}

fn decide_about(cluster: &mut Cluster, pod: &Arc<PodInfo>) -> Decision {
    decide(cluster, pod, context())
}
