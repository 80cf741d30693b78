//! What becomes of pods when their nodes are silent, tainted or gone.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::node_lifecycle::NodeLifecycle;
use tollgate_controllers::pod_gc::PodGarbageCollector;
use tollgate_controllers::resources::{EVENTS, LEASES, NODES, PODS};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_controllers::taint_eviction::TaintEviction;
use tollgate_testkit::cluster::Cluster;

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(ServiceAccounts) as _,
            Arc::new(NodeLifecycle::default()) as _,
            Arc::new(PodGarbageCollector::default()) as _,
            Arc::new(TaintEviction::default()) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster.settle();
    cluster
}

/// A node that says it is ready, and its lease.
fn node(cluster: &Cluster) {
    let node = r#"{"metadata":{"name":"node"}}"#;
    cluster.create(&NODES, "", node).unwrap();
    let target = Target::object(&NODES, "", "node").sub("status");
    let status =
        r#"{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady"}]}}"#;
    cluster.patch(target, status).unwrap();
    renew(cluster, 0);
}

fn renew(cluster: &Cluster, number: usize) {
    let target = Target::object(&LEASES, "kube-node-lease", "node");
    let time = format!("2026-01-15T12:00:00.{number:06}Z");
    let spec = format!(r#"{{"leaseDurationSeconds":40,"renewTime":"{time}"}}"#);
    if cluster
        .patch(target, &format!(r#"{{"spec":{spec}}}"#))
        .is_err()
    {
        let lease = format!(r#"{{"metadata":{{"name":"node"}},"spec":{spec}}}"#);
        cluster.create(&LEASES, "kube-node-lease", &lease).unwrap();
    }
}

fn pod(cluster: &Cluster, name: &str, more: &str) {
    let pod = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"nodeName":"node","terminationGracePeriodSeconds":0{more},"containers":[{{"name":"c","image":"i"}}]}}}}"#
    );
    cluster.create(&PODS, "default", &pod).unwrap();
}

fn taints(cluster: &Cluster) -> Vec<String> {
    let node = cluster.get(&NODES, "", "node").unwrap();
    let taints = node
        .get("spec")
        .map_or(&[][..], |spec| spec.items("taints"));
    let taints = taints.iter();
    let taints = taints.map(|taint| {
        format!(
            "{}:{}",
            taint.str_or_empty("key"),
            taint.str_or_empty("effect")
        )
    });
    taints.collect()
}

fn events(cluster: &Cluster) -> Vec<String> {
    let events = cluster.list(&EVENTS, "");
    let texts = events.iter().map(|event| {
        format!(
            "{}: {}",
            event.str_or_empty("reason"),
            event.str_or_empty("message")
        )
    });
    texts.collect()
}

#[test]
fn a_silent_node_is_given_up_and_its_pods_leave_after_five_minutes() {
    let mut cluster = cluster(1);
    node(&cluster);
    pod(&cluster, "a", "");
    for number in 1..5 {
        cluster.advance(Duration::from_secs(30));
        renew(&cluster, number);
    }
    cluster.settle();
    assert!(taints(&cluster).is_empty(), "{:?}", taints(&cluster));
    cluster.advance(Duration::from_secs(51));
    assert_eq!(
        taints(&cluster),
        [
            "node.kubernetes.io/unreachable:NoSchedule",
            "node.kubernetes.io/unreachable:NoExecute"
        ]
    );
    let node = cluster.get(&NODES, "", "node").unwrap();
    let ready = &node.get("status").unwrap().items("conditions")[0];
    assert_eq!(ready.str("status"), Some("Unknown"));
    assert_eq!(
        ready.str("message"),
        Some("Kubelet stopped posting node status.")
    );
    cluster.advance(Duration::from_secs(290));
    assert!(cluster.get(&PODS, "default", "a").is_some());
    cluster.advance(Duration::from_secs(15));
    assert!(cluster.get(&PODS, "default", "a").is_none());
    let events = events(&cluster);
    for expected in [
        "RegisteredNode: Node node event: Registered Node node in Controller",
        "NodeNotReady: Node node status is now: NodeNotReady",
        "TaintManagerEviction: Marking for deletion Pod default/a",
    ] {
        assert!(events.iter().any(|event| event == expected), "{events:?}");
    }
}

#[test]
fn a_node_that_comes_back_in_time_keeps_its_pods() {
    let mut cluster = cluster(2);
    node(&cluster);
    pod(&cluster, "a", "");
    cluster.advance(Duration::from_mins(1));
    assert_eq!(taints(&cluster).len(), 2);
    let target = Target::object(&NODES, "", "node").sub("status");
    let status =
        r#"{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady"}]}}"#;
    cluster.patch(target, status).unwrap();
    for number in 1..20 {
        renew(&cluster, number);
        cluster.advance(Duration::from_secs(30));
    }
    assert!(taints(&cluster).is_empty());
    assert!(cluster.get(&PODS, "default", "a").is_some());
    let expected = "TaintManagerEviction: Cancelling deletion of Pod default/a";
    assert!(events(&cluster).iter().any(|event| event == expected));
}

#[test]
fn a_taint_makes_pods_leave_when_their_tolerations_say() {
    let mut cluster = cluster(3);
    node(&cluster);
    pod(&cluster, "none", "");
    pod(
        &cluster,
        "some",
        r#","tolerations":[{"key":"a","operator":"Exists","effect":"NoExecute","tolerationSeconds":20}]"#,
    );
    pod(
        &cluster,
        "all",
        r#","tolerations":[{"key":"a","operator":"Exists"}]"#,
    );
    let target = Target::object(&NODES, "", "node");
    cluster
        .patch(
            target,
            r#"{"spec":{"taints":[{"key":"a","effect":"NoExecute"}]}}"#,
        )
        .unwrap();
    cluster.settle();
    let there = |cluster: &Cluster| -> Vec<String> {
        let pods = cluster.list(&PODS, "default");
        let names = pods
            .iter()
            .map(|pod| pod.at(&["metadata", "name"]).and_then(Value::as_str));
        names.map(|name| name.unwrap().to_owned()).collect()
    };
    assert_eq!(there(&cluster), ["all", "some"]);
    cluster.advance(Duration::from_secs(21));
    assert_eq!(there(&cluster), ["all"]);
}

#[test]
fn pods_of_a_node_that_is_gone_fail_and_go() {
    let mut cluster = cluster(4);
    pod(&cluster, "a", "");
    let held = r#"{"metadata":{"name":"held","finalizers":["a/b"]},"spec":{"nodeName":"node","containers":[{"name":"c","image":"i"}]}}"#;
    cluster.create(&PODS, "default", held).unwrap();
    cluster.advance(Duration::from_secs(35));
    assert!(cluster.get(&PODS, "default", "a").is_some());
    cluster.advance(Duration::from_secs(10));
    assert!(cluster.get(&PODS, "default", "a").is_none());
    let held = cluster.get(&PODS, "default", "held").unwrap();
    let status = held.get("status").unwrap();
    assert_eq!(status.str("phase"), Some("Failed"));
    let why = &status.items("conditions")[0];
    assert_eq!(why.str("reason"), Some("DeletionByPodGC"));
    assert_eq!(why.str("message"), Some("PodGC: node no longer exists"));
}

#[test]
fn an_unscheduled_pod_that_a_finalizer_holds_fails() {
    let mut cluster = cluster(5);
    let held = r#"{"metadata":{"name":"held","finalizers":["a/b"]},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
    cluster.create(&PODS, "default", held).unwrap();
    let target = Target::object(&PODS, "default", "held");
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    let held = cluster.get(&PODS, "default", "held").unwrap();
    assert_eq!(held.get("status").unwrap().str("phase"), Some("Failed"));
}
