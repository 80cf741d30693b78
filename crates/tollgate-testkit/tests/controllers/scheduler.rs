//! The scheduler in a simulated cluster: pods get nodes, are told why not, and make room for one another.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{Deletion, GroupVersionResource, Target};
use tollgate_api::{Release, Value};
use tollgate_controllers::resources::{
    EVENTS, NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, STORAGE_CLASSES,
};
use tollgate_controllers::scheduler::Scheduler;
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_testkit::cluster::Cluster;

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(ServiceAccounts) as _,
            Arc::new(Scheduler::new(Release::default())) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster.settle();
    cluster
}

fn node(cluster: &Cluster, name: &str, cpu: &str) {
    let object = format!(
        r#"{{"metadata":{{"name":"{name}"}},"status":{{"allocatable":{{"cpu":"{cpu}","memory":"8Gi","pods":"10"}},
        "capacity":{{"cpu":"{cpu}","memory":"8Gi","pods":"10"}}}}}}"#
    );
    cluster.create(&NODES, "", &object).unwrap();
    // A new node has a taint until it says that it is ready.
    let target = Target::object(&NODES, "", name);
    cluster
        .patch(target, r#"{"spec":{"taints":null}}"#)
        .unwrap();
}

fn pod(cluster: &Cluster, name: &str, cpu: &str, more: &str) {
    let object = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"containers":[{{"name":"c","image":"i",
        "resources":{{"requests":{{"cpu":"{cpu}"}}}}}}]{more}}}}}"#
    );
    cluster.create(&PODS, "default", &object).unwrap();
}

fn get(cluster: &Cluster, name: &str) -> Value {
    cluster.get(&PODS, "default", name).unwrap()
}

fn node_of(cluster: &Cluster, name: &str) -> String {
    let pod = get(cluster, name);
    pod.get("spec").unwrap().str_or_empty("nodeName").to_owned()
}

fn condition(cluster: &Cluster, name: &str, condition_type: &str) -> Value {
    let pod = get(cluster, name);
    let status = pod.get("status").unwrap();
    let mut conditions = status.items("conditions").iter();
    let found = conditions.find(|condition| condition.str("type") == Some(condition_type));
    found.cloned().unwrap_or_default()
}

fn messages(cluster: &Cluster, reason: &str, name: &str) -> Vec<String> {
    let events = cluster.list(&EVENTS, "default");
    let about = events.iter().filter(|event| {
        event.str("reason") == Some(reason)
            && event.get("involvedObject").unwrap().str("name") == Some(name)
    });
    about
        .map(|event| event.str_or_empty("message").to_owned())
        .collect()
}

fn delete(cluster: &Cluster, resource: &GroupVersionResource, name: &str) {
    let now = Deletion {
        grace_period_seconds: Some(0),
        ..Deletion::default()
    };
    cluster
        .delete(Target::object(resource, "default", name), now)
        .unwrap();
}

#[test]
fn a_pod_gets_a_node_and_is_told() {
    let mut cluster = cluster(1);
    node(&cluster, "n", "4");
    cluster.settle();
    pod(&cluster, "p", "1", "");
    cluster.settle();
    assert_eq!(node_of(&cluster, "p"), "n");
    assert_eq!(
        condition(&cluster, "p", "PodScheduled").str("status"),
        Some("True")
    );
    assert_eq!(
        messages(&cluster, "Scheduled", "p"),
        ["Successfully assigned default/p to n"]
    );
    let events = cluster.list(&EVENTS, "default");
    let event = events
        .iter()
        .find(|event| event.str("reason") == Some("Scheduled"))
        .unwrap();
    assert_eq!(event.str("reportingComponent"), Some("default-scheduler"));
    assert_eq!(event.str("action"), Some("Binding"));
    assert_eq!(event.str("type"), Some("Normal"));
}

#[test]
fn a_pod_without_a_node_is_told_why_and_gets_one_that_comes() {
    let mut cluster = cluster(2);
    pod(&cluster, "p", "2", "");
    cluster.settle();
    let told = condition(&cluster, "p", "PodScheduled");
    assert_eq!(
        told.str("message"),
        Some("no nodes available to schedule pods")
    );
    node(&cluster, "small", "1");
    cluster.advance(Duration::from_secs(2));
    let told = condition(&cluster, "p", "PodScheduled");
    let text = "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: \
                0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    assert_eq!(told.str("message"), Some(text));
    assert_eq!(
        (told.str("status"), told.str("reason")),
        (Some("False"), Some("Unschedulable"))
    );
    assert_eq!(
        messages(&cluster, "FailedScheduling", "p")
            .last()
            .map(String::as_str),
        Some(text)
    );
    node(&cluster, "large", "4");
    cluster.wait(Duration::from_secs(10), |cluster| {
        node_of(cluster, "p") == "large"
    });
}

#[test]
fn a_pod_waits_for_the_room_of_another() {
    let mut cluster = cluster(3);
    node(&cluster, "n", "2");
    pod(&cluster, "first", "2", "");
    cluster.settle();
    pod(&cluster, "second", "1", "");
    cluster.settle();
    assert_eq!(node_of(&cluster, "second"), "");
    delete(&cluster, &PODS, "first");
    cluster.wait(Duration::from_secs(10), |cluster| {
        node_of(cluster, "second") == "n"
    });
}

#[test]
fn gates_and_other_schedulers_keep_a_pod() {
    let mut cluster = cluster(4);
    node(&cluster, "n", "4");
    pod(
        &cluster,
        "gated",
        "1",
        r#","schedulingGates":[{"name":"example.com/g"}]"#,
    );
    pod(&cluster, "other", "1", r#","schedulerName":"other""#);
    cluster.settle();
    assert_eq!(
        (node_of(&cluster, "gated"), node_of(&cluster, "other")),
        (String::new(), String::new())
    );
    let told = condition(&cluster, "gated", "PodScheduled");
    assert_eq!(told.str("reason"), Some("SchedulingGated"));
    assert_eq!(
        told.str("message"),
        Some("Scheduling is blocked due to non-empty scheduling gates")
    );
    let mut open = get(&cluster, "gated");
    open.child_mut("spec").remove("schedulingGates");
    cluster
        .update(Target::object(&PODS, "default", "gated"), open)
        .unwrap();
    cluster.settle();
    assert_eq!(node_of(&cluster, "gated"), "n");
}

#[test]
fn an_important_pod_makes_room() {
    let mut cluster = cluster(5);
    node(&cluster, "n", "2");
    cluster.settle();
    pod(&cluster, "low", "2", "");
    cluster.settle();
    pod(
        &cluster,
        "high",
        "2",
        r#","priorityClassName":"system-cluster-critical""#,
    );
    cluster.settle();
    let nominated = get(&cluster, "high");
    let status = nominated.get("status").unwrap();
    assert_eq!(status.str("nominatedNodeName"), Some("n"));
    let told = condition(&cluster, "high", "PodScheduled");
    assert_eq!(
        told.str("message"),
        Some("0/1 nodes are available: 1 Insufficient cpu.")
    );
    let uid = nominated.get("metadata").unwrap().str_or_empty("uid");
    assert_eq!(
        messages(&cluster, "Preempted", "low"),
        [format!("Preempted by pod {uid} on node n")]
    );
    let victim = get(&cluster, "low");
    assert!(victim.at(&["metadata", "deletionTimestamp"]).is_some());
    let disrupted = condition(&cluster, "low", "DisruptionTarget");
    assert_eq!(disrupted.str("reason"), Some("PreemptionByScheduler"));
    assert_eq!(
        disrupted.str("message"),
        Some("default-scheduler: preempting to accommodate a higher priority pod")
    );
    delete(&cluster, &PODS, "low");
    cluster.wait(Duration::from_secs(10), |cluster| {
        node_of(cluster, "high") == "n"
    });
}

#[test]
fn a_claim_that_waits_gets_its_volume_before_the_pod_gets_its_node() {
    let mut cluster = cluster(6);
    node(&cluster, "n", "4");
    let class = r#"{"metadata":{"name":"local"},"provisioner":"kubernetes.io/no-provisioner",
        "volumeBindingMode":"WaitForFirstConsumer"}"#;
    cluster.create(&STORAGE_CLASSES, "", class).unwrap();
    let volume = r#"{"metadata":{"name":"v"},"spec":{"storageClassName":"local","accessModes":["ReadWriteOnce"],
        "capacity":{"storage":"1Gi"},"hostPath":{"path":"/d"}}}"#;
    cluster.create(&PERSISTENT_VOLUMES, "", volume).unwrap();
    let status = Target::object(&PERSISTENT_VOLUMES, "", "v").sub("status");
    cluster
        .patch(status, r#"{"status":{"phase":"Available"}}"#)
        .unwrap();
    let claim = r#"{"metadata":{"name":"c"},"spec":{"storageClassName":"local","accessModes":["ReadWriteOnce"],
        "resources":{"requests":{"storage":"1Gi"}}}}"#;
    cluster
        .create(&PERSISTENT_VOLUME_CLAIMS, "default", claim)
        .unwrap();
    cluster.settle();
    pod(
        &cluster,
        "p",
        "1",
        r#","volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"c"}}]"#,
    );
    cluster.settle();
    assert_eq!(node_of(&cluster, "p"), "");
    let volume = cluster.get(&PERSISTENT_VOLUMES, "", "v").unwrap();
    assert_eq!(
        volume
            .at(&["spec", "claimRef", "name"])
            .and_then(Value::as_str),
        Some("c")
    );
    // What the controller of volumes does then.
    let target = Target::object(&PERSISTENT_VOLUME_CLAIMS, "default", "c");
    cluster
        .patch(
            target,
            r#"{"metadata":{"annotations":{"pv.kubernetes.io/bind-completed":"yes"}},"spec":{"volumeName":"v"}}"#,
        )
        .unwrap();
    cluster.settle();
    assert_eq!(node_of(&cluster, "p"), "n");
}

#[test]
fn faults_and_restarts_lose_no_pod_and_overcommit_no_node() {
    for seed in 0..20 {
        let mut cluster = cluster(seed);
        for name in ["a", "b", "c"] {
            node(&cluster, name, "4");
        }
        cluster.faults.set(300, 100, 100);
        for number in 0..12 {
            pod(&cluster, &format!("p{number}"), "1", "");
            cluster.advance(Duration::from_millis(50));
            if number == 5 {
                cluster.restart_controllers();
            }
        }
        cluster.faults.stop();
        cluster.wait(Duration::from_mins(10), |cluster| {
            (0..12).all(|number| !node_of(cluster, &format!("p{number}")).is_empty())
        });
        for name in ["a", "b", "c"] {
            let pods = cluster.list(&PODS, "default");
            let there = pods
                .iter()
                .filter(|pod| pod.get("spec").unwrap().str("nodeName") == Some(name));
            assert_eq!(there.count(), 4, "seed {seed}, node {name}");
        }
    }
}

#[test]
fn an_important_pod_gets_its_place_though_things_go_wrong() {
    for seed in 0..20 {
        let mut cluster = cluster(seed);
        node(&cluster, "n", "2");
        for name in ["low-a", "low-b"] {
            pod(&cluster, name, "1", "");
        }
        cluster.wait(Duration::from_mins(1), |cluster| {
            node_of(cluster, "low-a") == "n" && node_of(cluster, "low-b") == "n"
        });
        cluster.faults.set(300, 100, 100);
        let class = r#","priorityClassName":"system-cluster-critical""#;
        pod(&cluster, "high", "2", class);
        for _ in 0..60 {
            cluster.advance(Duration::from_secs(1));
            // What a kubelet does.
            for object in cluster.list(&PODS, "default") {
                let metadata = object.get("metadata").unwrap();
                if metadata.get("deletionTimestamp").is_some() {
                    delete(&cluster, &PODS, metadata.str_or_empty("name"));
                }
            }
        }
        cluster.faults.stop();
        cluster.wait(Duration::from_mins(1), |cluster| {
            node_of(cluster, "high") == "n"
        });
        assert_eq!(cluster.list(&PODS, "default").len(), 1, "seed {seed}");
    }
}

#[test]
fn a_binding_whose_answer_is_lost_keeps_its_room() {
    for seed in 0..10 {
        let mut cluster = cluster(seed);
        node(&cluster, "n", "2");
        cluster.settle();
        cluster.faults.set(0, 1000, 0);
        for number in 0..3 {
            pod(&cluster, &format!("p{number}"), "1", "");
        }
        cluster.advance(Duration::from_secs(30));
        let pods = cluster.list(&PODS, "default");
        let placed = pods
            .iter()
            .filter(|pod| pod.get("spec").unwrap().get("nodeName").is_some());
        assert_eq!(placed.count(), 2, "seed {seed}");
    }
}
