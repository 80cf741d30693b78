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

/// A node that says it is ready, and its lease; and another one, about which nobody has to worry.
fn node(cluster: &Cluster) {
    ready_node(cluster, "node", "", 40);
    ready_node(cluster, "steady", "", STEADY_SECONDS);
}

/// Whose lease says that is not silent for a long time.
const STEADY_SECONDS: u32 = 1_000_000;

/// A node of a zone that says it is ready; from then on it is silent.
fn ready_node(cluster: &Cluster, name: &str, zone: &str, lease_seconds: u32) {
    let node = format!(
        r#"{{"metadata":{{"name":"{name}","labels":{{"topology.kubernetes.io/zone":"{zone}"}}}}}}"#
    );
    cluster.create(&NODES, "", &node).unwrap();
    report_ready(cluster, name);
    let lease = format!(
        r#"{{"metadata":{{"name":"{name}"}},
            "spec":{{"leaseDurationSeconds":{lease_seconds},"renewTime":"2026-01-15T12:00:00.000000Z"}}}}"#
    );
    cluster.create(&LEASES, "kube-node-lease", &lease).unwrap();
}

fn report_ready(cluster: &Cluster, name: &str) {
    let target = Target::object(&NODES, "", name).sub("status");
    let status =
        r#"{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady"}]}}"#;
    cluster.patch(target, status).unwrap();
}

fn renew(cluster: &Cluster, number: usize) {
    let target = Target::object(&LEASES, "kube-node-lease", "node");
    let patch = format!(r#"{{"spec":{{"renewTime":"2026-01-15T12:00:00.{number:06}Z"}}}}"#);
    cluster.patch(target, &patch).unwrap();
}

/// Renews the lease of a node for a long time.
fn keep_alive(cluster: &Cluster, name: &str) {
    let lease = Target::object(&LEASES, "kube-node-lease", name);
    let patch = format!(
        r#"{{"spec":{{"renewTime":"2026-01-15T13:00:00.000000Z","leaseDurationSeconds":{STEADY_SECONDS}}}}}"#
    );
    cluster.patch(lease, &patch).unwrap();
}

fn pod(cluster: &Cluster, name: &str, more: &str) {
    let pod = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"nodeName":"node","terminationGracePeriodSeconds":0{more},"containers":[{{"name":"c","image":"i"}}]}}}}"#
    );
    cluster.create(&PODS, "default", &pod).unwrap();
}

fn taints(cluster: &Cluster) -> Vec<String> {
    taints_of(cluster, "node")
}

/// The taints of a node, sorted.
fn taints_of(cluster: &Cluster, name: &str) -> Vec<String> {
    let node = cluster.get(&NODES, "", name).unwrap();
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
    let mut taints: Vec<String> = taints.collect();
    taints.sort();
    taints
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
            "node.kubernetes.io/unreachable:NoExecute",
            "node.kubernetes.io/unreachable:NoSchedule"
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
    renew(&cluster, 1);
    cluster.settle();
    report_ready(&cluster, "node");
    for number in 2..20 {
        renew(&cluster, number);
        cluster.advance(Duration::from_secs(30));
    }
    assert_eq!(taints(&cluster), [""; 0]);
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

/// How many nodes have a taint with that effect.
fn tainted(cluster: &Cluster, effect: &str) -> usize {
    let nodes = cluster.list(&NODES, "");
    let names = nodes
        .iter()
        .map(|node| node.at(&["metadata", "name"]).and_then(Value::as_str));
    names
        .filter(|name| {
            let taints = taints_of(cluster, name.unwrap());
            taints.iter().any(|taint| taint.ends_with(effect))
        })
        .count()
}

#[test]
fn pods_leave_the_silent_nodes_of_a_zone_one_node_after_another() {
    for seed in 6..10 {
        let mut cluster = cluster(seed);
        for number in 0..4 {
            ready_node(&cluster, &format!("silent-{number}"), "a", 40);
        }
        for number in 0..6 {
            ready_node(&cluster, &format!("steady-{number}"), "a", STEADY_SECONDS);
        }
        cluster.advance(Duration::from_secs(51));
        assert_eq!(
            tainted(&cluster, "NoSchedule"),
            4,
            "nothing new comes to any of them"
        );
        for count in 1..=4 {
            assert_eq!(tainted(&cluster, "NoExecute"), count);
            cluster.advance(Duration::from_secs(10));
        }
        keep_alive(&cluster, "silent-0");
        cluster.settle();
        report_ready(&cluster, "silent-0");
        cluster.advance(Duration::from_secs(1));
        assert_eq!(tainted(&cluster, "NoExecute"), 3);
    }
}

#[test]
fn if_no_node_is_ready_all_pods_stay() {
    let mut cluster = cluster(10);
    for (name, zone) in [("node", "a"), ("node-1", "a"), ("node-2", "b")] {
        ready_node(&cluster, name, zone, 40);
    }
    pod(&cluster, "a", "");
    cluster.advance(Duration::from_mins(30));
    assert_eq!(tainted(&cluster, "NoSchedule"), 3);
    assert_eq!(tainted(&cluster, "NoExecute"), 0);
    assert!(cluster.get(&PODS, "default", "a").is_some());
    // One comes back, and so it was not the network.
    keep_alive(&cluster, "node-2");
    cluster.settle();
    report_ready(&cluster, "node-2");
    cluster.advance(Duration::from_secs(9));
    assert_eq!(tainted(&cluster, "NoExecute"), 0);
    cluster.advance(Duration::from_secs(2));
    assert_eq!(tainted(&cluster, "NoExecute"), 1);
    cluster.advance(Duration::from_secs(10));
    assert_eq!(tainted(&cluster, "NoExecute"), 2);
    cluster.advance(Duration::from_secs(310));
    assert!(cluster.get(&PODS, "default", "a").is_none());
}

#[test]
fn older_names_of_labels_are_kept_up() {
    let mut cluster = cluster(11);
    let node = r#"{"metadata":{"name":"node","labels":{"kubernetes.io/os":"linux"}}}"#;
    cluster.create(&NODES, "", node).unwrap();
    cluster.settle();
    let node = cluster.get(&NODES, "", "node").unwrap();
    let label = node.at(&["metadata", "labels", "beta.kubernetes.io/os"]);
    assert_eq!(label.and_then(Value::as_str), Some("linux"));
}
