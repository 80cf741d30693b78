//! A DaemonSet's life: pods on every node, refusals, updates and history.

use crate::pods::{bind, events, is_dying, name, names, reap, set_phase};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::daemon_set::DaemonSets;
use tollgate_controllers::resources::{CONTROLLER_REVISIONS, DAEMON_SETS, NAMESPACES, NODES, PODS};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_testkit::cluster::Cluster;

const TARGET: Target<'static> = Target::object(&DAEMON_SETS, "default", "agent");

fn cluster(seed: u64, nodes: usize) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(DaemonSets::default()) as _,
            Arc::new(ServiceAccounts) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster.settle();
    for number in 0..nodes {
        add_node(&cluster, &format!("node-{number}"));
    }
    cluster
}

/// A node that is ready: a new one is tainted until it is.
fn add_node(cluster: &Cluster, name: &str) {
    let node = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    cluster.create(&NODES, "", &node).unwrap();
    let target = Target::object(&NODES, "", name);
    cluster
        .patch(target, r#"{"spec":{"taints":null}}"#)
        .unwrap();
}

fn create(cluster: &Cluster, namespace: &str, extra: &str) {
    let set = format!(
        r#"{{"metadata":{{"name":"agent"}},"spec":{{"selector":{{"matchLabels":{{"app":"agent"}}}},
        "template":{{"metadata":{{"labels":{{"app":"agent"}}}},"spec":{{"containers":[{{"name":"main","image":"agent:1"}}]}}}}{extra}}}}}"#
    );
    cluster.create(&DAEMON_SETS, namespace, &set).unwrap();
}

fn status(cluster: &Cluster, key: &str) -> i64 {
    let set = cluster.get(&DAEMON_SETS, "default", "agent").unwrap();
    set.get("status")
        .and_then(|status| status.int(key))
        .unwrap_or_default()
}

fn node_of(pod: &Value) -> String {
    let terms = pod.at(&[
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ]);
    let terms = terms.unwrap().items("nodeSelectorTerms");
    let values = terms[0].items("matchFields")[0].items("values");
    values[0].as_str().unwrap().to_owned()
}

fn images(cluster: &Cluster) -> Vec<String> {
    let pods = cluster.list(&PODS, "default");
    let living = pods.iter().filter(|pod| !is_dying(pod));
    let mut images: Vec<String> = living
        .map(|pod| {
            pod.at(&["spec"]).unwrap().items("containers")[0]
                .str_or_empty("image")
                .to_owned()
        })
        .collect();
    images.sort();
    images
}

/// Does what scheduler and kubelets do until nothing changes.
fn live(cluster: &mut Cluster) {
    for _ in 0..20 {
        cluster.settle();
        reap(cluster, "default");
        for pod in cluster.list(&PODS, "default") {
            if pod.at(&["spec", "nodeName"]).is_none() {
                bind(cluster, "default", &name(&pod), &node_of(&pod));
                set_phase(cluster, "default", &name(&pod), "Running");
            }
        }
    }
}

#[test]
fn every_node_gets_a_pod_that_is_bound_to_it() {
    let mut cluster = cluster(1, 3);
    create(&cluster, "default", "");
    cluster.settle();
    let pods = cluster.list(&PODS, "default");
    let mut nodes: Vec<String> = pods.iter().map(node_of).collect();
    nodes.sort();
    assert_eq!(nodes, ["node-0", "node-1", "node-2"]);
    assert_eq!(status(&cluster, "desiredNumberScheduled"), 3);
    assert_eq!(status(&cluster, "numberUnavailable"), 3);
    live(&mut cluster);
    assert_eq!(status(&cluster, "numberReady"), 3);
    assert_eq!(status(&cluster, "observedGeneration"), 1);
    let created = events(&cluster, "default");
    assert_eq!(
        created
            .iter()
            .filter(|event| event.starts_with("SuccessfulCreate: Created pod: agent-"))
            .count(),
        3
    );

    add_node(&cluster, "late");
    live(&mut cluster);
    assert_eq!(status(&cluster, "numberReady"), 4);
    let taint = r#"{"spec":{"taints":[{"key":"a","effect":"NoExecute"}]}}"#;
    cluster
        .patch(Target::object(&NODES, "", "late"), taint)
        .unwrap();
    live(&mut cluster);
    assert_eq!(status(&cluster, "desiredNumberScheduled"), 3);
    assert_eq!(cluster.list(&PODS, "default").len(), 3);
}

#[test]
fn an_update_replaces_one_pod_after_another_and_is_kept_as_history() {
    let mut cluster = cluster(2, 3);
    create(&cluster, "default", r#","revisionHistoryLimit":1"#);
    live(&mut cluster);
    for image in ["agent:2", "agent:3"] {
        let patch = format!(
            r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"main","image":"{image}"}}]}}}}}}}}"#
        );
        cluster.patch(TARGET, &patch).unwrap();
        cluster.settle();
        let dying = cluster
            .list(&PODS, "default")
            .iter()
            .filter(|pod| is_dying(pod))
            .count();
        assert_eq!(dying, 1);
        live(&mut cluster);
        assert_eq!(images(&cluster), [image; 3]);
        assert_eq!(status(&cluster, "updatedNumberScheduled"), 3);
    }
    let revisions = cluster.list(&CONTROLLER_REVISIONS, "default");
    let mut numbers: Vec<i64> = revisions
        .iter()
        .map(|revision| revision.int("revision").unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3]);
    let back =
        r#"{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"agent:2"}]}}}}"#;
    cluster.patch(TARGET, back).unwrap();
    live(&mut cluster);
    let revisions = cluster.list(&CONTROLLER_REVISIONS, "default");
    let mut numbers: Vec<i64> = revisions
        .iter()
        .map(|revision| revision.int("revision").unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [3, 4]);
}

#[test]
fn a_twin_of_a_revision_that_somebody_makes_stays_until_the_set_is_looked_at() {
    let mut cluster = cluster(2, 1);
    create(&cluster, "default", "");
    live(&mut cluster);
    let mut twin = cluster.list(&CONTROLLER_REVISIONS, "default").remove(0);
    twin.set("revision", 2_i64);
    let metadata = twin.child_mut("metadata");
    metadata.set("name", "agent-twin");
    metadata.remove("uid");
    metadata.remove("resourceVersion");
    let twin = tollgate_api::json::to_string(&twin);
    cluster
        .create(&CONTROLLER_REVISIONS, "default", &twin)
        .unwrap();
    live(&mut cluster);
    assert_eq!(cluster.list(&CONTROLLER_REVISIONS, "default").len(), 2);
    let touch = r#"{"metadata":{"annotations":{"touched":"yes"}}}"#;
    cluster.patch(TARGET, touch).unwrap();
    live(&mut cluster);
    let revisions = cluster.list(&CONTROLLER_REVISIONS, "default");
    assert_eq!(
        revisions.iter().map(name).collect::<Vec<_>>(),
        ["agent-twin"]
    );
}

#[test]
fn what_a_policy_refuses_is_made_as_soon_as_it_may() {
    let mut cluster = cluster(3, 1);
    let namespace = r#"{"metadata":{"name":"tight","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}"#;
    cluster.create(&NAMESPACES, "", namespace).unwrap();
    cluster.settle();
    create(&cluster, "tight", "");
    cluster.advance(Duration::from_mins(1));
    assert_eq!(names(&cluster.list(&PODS, "tight")).len(), 0);
    let told = events(&cluster, "tight");
    assert!(!told.is_empty());
    for event in told {
        let event = event.replace("(combined from similar events): ", "");
        assert!(
            event.starts_with(r#"FailedCreate: Error creating: pods "agent-"#),
            "{event}"
        );
        assert!(
            event.contains(r#"" is forbidden: violates PodSecurity "restricted:latest": "#),
            "{event}"
        );
    }
    let label = r#"{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}"#;
    cluster
        .patch(Target::object(&NAMESPACES, "", "tight"), label)
        .unwrap();
    cluster.settle();
    assert_eq!(names(&cluster.list(&PODS, "tight")).len(), 1);
}

#[test]
fn where_there_are_no_nodes_people_are_told_what_would_be_refused() {
    let mut cluster = cluster(8, 0);
    let namespace = r#"{"metadata":{"name":"tight","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}"#;
    cluster.create(&NAMESPACES, "", namespace).unwrap();
    cluster.settle();
    create(&cluster, "tight", "");
    cluster.settle();
    let told = events(&cluster, "tight");
    assert!(!told.is_empty());
    for event in told {
        let violation = r#"FailedCreate: Error creating: pods "agent-"#;
        assert!(event.starts_with(violation), "{event}");
    }
    let label = r#"{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}"#;
    cluster
        .patch(Target::object(&NAMESPACES, "", "tight"), label)
        .unwrap();
    cluster.settle();
    let before = events(&cluster, "tight");
    cluster.advance(Duration::from_mins(30));
    assert_eq!(events(&cluster, "tight"), before);
    assert_eq!(names(&cluster.list(&PODS, "tight")).len(), 0);
    add_node(&cluster, "node-0");
    cluster.settle();
    assert_eq!(names(&cluster.list(&PODS, "tight")).len(), 1);
}

#[test]
fn failed_pods_are_replaced_and_people_are_told() {
    let mut cluster = cluster(4, 1);
    create(&cluster, "default", "");
    live(&mut cluster);
    let pod = names(&cluster.list(&PODS, "default")).remove(0);
    set_phase(&cluster, "default", &pod, "Failed");
    cluster.settle();
    reap(&cluster, "default");
    cluster.settle();
    let pods = names(&cluster.list(&PODS, "default"));
    assert_eq!(pods.len(), 1);
    assert_ne!(pods[0], pod);
    let told = format!(
        "FailedDaemonPod: Found failed daemon pod default/{pod} on node node-0, will try to kill it"
    );
    assert!(events(&cluster, "default").contains(&told));
}

#[test]
fn pods_of_a_deleted_set_are_left_to_the_garbage_collector() {
    let mut cluster = cluster(5, 1);
    create(&cluster, "default", "");
    live(&mut cluster);
    cluster.delete(TARGET, Deletion::default()).unwrap();
    cluster.advance(Duration::from_mins(1));
    assert_eq!(cluster.list(&PODS, "default").len(), 1);
}

#[test]
fn every_node_has_the_newest_pod_after_faults_and_restarts() {
    for seed in 0..6 {
        let mut cluster = cluster(seed, 4);
        cluster.faults.set(200, 100, 50);
        create(&cluster, "default", "");
        for round in 0..15 {
            live(&mut cluster);
            cluster.advance(Duration::from_millis(200));
            match round {
                4 | 8 => {
                    let patch = format!(
                        r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"main","image":"agent:{round}"}}]}}}}}}}}"#
                    );
                    cluster.patch(TARGET, &patch).unwrap();
                }
                6 => cluster.restart(),
                _ => {}
            }
        }
        cluster.faults.stop();
        for _ in 0..10 {
            live(&mut cluster);
            cluster.advance(Duration::from_secs(20));
        }
        assert_eq!(images(&cluster), ["agent:8"; 4], "{seed}");
        assert_eq!(status(&cluster, "updatedNumberScheduled"), 4, "{seed}");
        assert_eq!(status(&cluster, "numberAvailable"), 4, "{seed}");
    }
}
