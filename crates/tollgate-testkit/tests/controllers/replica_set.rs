//! ReplicaSets and ReplicationControllers: the number of pods, whose they are, and what quotas refuse.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, GroupVersionResource, Target};
use tollgate_controllers::replica_set::ReplicaSets;
use tollgate_controllers::resources::{
    EVENTS, NAMESPACES, PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, RESOURCE_QUOTAS,
};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_testkit::cluster::Cluster;

const TEMPLATE: &str =
    r#"{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(ServiceAccounts) as _,
            Arc::new(ReplicaSets::of_replica_sets()) as _,
            Arc::new(ReplicaSets::of_replication_controllers()) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    let namespace = r#"{"metadata":{"name":"n"}}"#;
    cluster.create(&NAMESPACES, "", namespace).unwrap();
    cluster.settle();
    cluster
}

fn quota(cluster: &Cluster, pods: usize) {
    let quota = format!(r#"{{"metadata":{{"name":"q"}},"spec":{{"hard":{{"pods":"{pods}"}}}}}}"#);
    cluster.create(&RESOURCE_QUOTAS, "n", &quota).unwrap();
}

fn replica_set(cluster: &Cluster, replicas: usize, extra: &str) {
    let set = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"web"}}}},"template":{TEMPLATE}{extra}}}}}"#
    );
    cluster.create(&REPLICA_SETS, "n", &set).unwrap();
}

fn scale(cluster: &Cluster, resource: &GroupVersionResource, replicas: usize) {
    let target = Target::object(resource, "n", "web");
    let patch = format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#);
    cluster.patch(target, &patch).unwrap();
}

fn status(cluster: &Cluster, resource: &GroupVersionResource) -> Value {
    let set = cluster.get(resource, "n", "web").unwrap();
    set.get("status").cloned().unwrap()
}

fn failure(cluster: &Cluster, resource: &GroupVersionResource) -> Option<Value> {
    let status = status(cluster, resource);
    status.items("conditions").first().cloned()
}

fn events(cluster: &Cluster, reason: &str) -> Vec<Value> {
    let mut events = cluster.list(&EVENTS, "n");
    events.retain(|event| event.str("reason") == Some(reason));
    events
}

/// As a kubelet does: the pod is on a node, runs and is ready.
fn make_ready(cluster: &Cluster, name: &str) {
    let target = Target::object(&PODS, "n", name).sub("status");
    let now = tollgate_apiserver::environment::Environment::now(&*cluster.world);
    let patch = format!(
        r#"{{"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True","lastTransitionTime":"{now}"}}]}}}}"#
    );
    cluster.patch(target, &patch).unwrap();
}

fn names(cluster: &Cluster) -> Vec<String> {
    let pods = cluster.list(&PODS, "n");
    let names = pods
        .iter()
        .map(|pod| pod.get("metadata").unwrap().str("name").unwrap().to_owned());
    names.collect()
}

#[test]
fn a_set_grows_and_shrinks() {
    let mut cluster = cluster(1);
    replica_set(&cluster, 5, "");
    cluster.settle();
    let pods = cluster.list(&PODS, "n");
    assert_eq!(pods.len(), 5);
    let owner = &pods[0].get("metadata").unwrap().items("ownerReferences")[0];
    assert_eq!(
        (owner.str("kind"), owner.str("name")),
        (Some("ReplicaSet"), Some("web"))
    );
    let found = status(&cluster, &REPLICA_SETS);
    assert_eq!(
        (found.int("replicas"), found.int("observedGeneration")),
        (Some(5), Some(1))
    );
    assert_eq!(found.int("terminatingReplicas"), Some(0));
    assert_eq!(events(&cluster, "SuccessfulCreate").len(), 5);
    let kept = names(&cluster)[2].clone();
    make_ready(&cluster, &kept);
    scale(&cluster, &REPLICA_SETS, 1);
    cluster.settle();
    assert_eq!(names(&cluster), [kept]);
    let found = status(&cluster, &REPLICA_SETS);
    assert_eq!(
        (found.int("replicas"), found.int("availableReplicas")),
        (Some(1), Some(1))
    );
    assert_eq!(events(&cluster, "SuccessfulDelete").len(), 4);
}

#[test]
fn a_thousand_pods_come_in_bursts() {
    let mut cluster = cluster(2);
    replica_set(&cluster, 1200, "");
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 1200);
    assert_eq!(status(&cluster, &REPLICA_SETS).int("replicas"), Some(1200));
}

#[test]
fn an_exceeded_quota_is_a_condition_until_the_set_asks_for_less() {
    for resource in [&REPLICA_SETS, &REPLICATION_CONTROLLERS] {
        let mut cluster = cluster(3);
        quota(&cluster, 2);
        if *resource == REPLICA_SETS {
            replica_set(&cluster, 3, "");
        } else {
            let set = format!(
                r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":3,"selector":{{"app":"web"}},"template":{TEMPLATE}}}}}"#
            );
            cluster.create(resource, "n", &set).unwrap();
        }
        cluster.settle();
        let found = failure(&cluster, resource).unwrap();
        assert_eq!(
            (found.str("type"), found.str("status")),
            (Some("ReplicaFailure"), Some("True"))
        );
        assert_eq!(found.str("reason"), Some("FailedCreate"));
        let message = found.str("message").unwrap();
        assert!(
            message.ends_with(
                "is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"
            ),
            "{message}"
        );
        assert_eq!(
            status(&cluster, resource).int("observedGeneration"),
            Some(1)
        );
        let event = &events(&cluster, "FailedCreate")[0];
        assert!(
            event
                .str("message")
                .unwrap()
                .starts_with("Error creating: pods \"web-")
        );
        scale(&cluster, resource, 2);
        cluster.settle();
        assert_eq!(failure(&cluster, resource), None);
        assert_eq!(status(&cluster, resource).int("replicas"), Some(2));
        let terminating = status(&cluster, resource)
            .get("terminatingReplicas")
            .is_some();
        assert_eq!(terminating, *resource == REPLICA_SETS);
    }
}

#[test]
fn a_quota_that_is_raised_lets_the_rest_in_at_once() {
    let mut cluster = cluster(4);
    quota(&cluster, 2);
    replica_set(&cluster, 6, "");
    cluster.advance(Duration::from_mins(10));
    assert_eq!(cluster.list(&PODS, "n").len(), 2);
    let before = cluster.world.elapsed_now();
    let target = Target::object(&RESOURCE_QUOTAS, "n", "q");
    cluster
        .patch(target, r#"{"spec":{"hard":{"pods":"5"}}}"#)
        .unwrap();
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 5);
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 6);
    assert_eq!(cluster.world.elapsed_now(), before, "nothing waited");
    assert_eq!(failure(&cluster, &REPLICA_SETS), None);
}

#[test]
fn a_namespace_that_enforces_less_lets_pods_in_at_once() {
    let mut cluster = cluster(5);
    let namespace = Target::object(&NAMESPACES, "", "n");
    let label = |level: &str| {
        format!(r#"{{"metadata":{{"labels":{{"pod-security.kubernetes.io/enforce":"{level}"}}}}}}"#)
    };
    cluster.patch(namespace, &label("restricted")).unwrap();
    replica_set(&cluster, 2, "");
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 0);
    cluster.patch(namespace, &label("baseline")).unwrap();
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 2);
}

#[test]
fn a_refusal_is_not_asked_for_again_without_end() {
    let mut cluster = cluster(6);
    quota(&cluster, 2);
    replica_set(&cluster, 100, "");
    cluster.advance(Duration::from_mins(30));
    // One, two, and in the third round four of which three are too many; then one at a time, later each time.
    let refused: i64 = events(&cluster, "FailedCreate")
        .iter()
        .filter_map(|event| event.int("count"))
        .sum();
    assert!((4..40).contains(&refused), "{refused}");
}

#[test]
fn pods_are_adopted_by_whom_they_fit_and_released_when_they_do_not() {
    let mut cluster = cluster(7);
    let orphan = r#"{"metadata":{"name":"orphan","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
    cluster.create(&PODS, "n", orphan).unwrap();
    cluster.settle();
    replica_set(&cluster, 2, "");
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 2);
    let owners = |cluster: &Cluster| {
        let orphan = cluster.get(&PODS, "n", "orphan").unwrap();
        orphan
            .get("metadata")
            .unwrap()
            .items("ownerReferences")
            .len()
    };
    assert_eq!(owners(&cluster), 1);
    let target = Target::object(&PODS, "n", "orphan");
    cluster
        .patch(target, r#"{"metadata":{"labels":{"app":"other"}}}"#)
        .unwrap();
    cluster.settle();
    assert_eq!(owners(&cluster), 0);
    assert_eq!(cluster.list(&PODS, "n").len(), 3);
    cluster
        .patch(target, r#"{"metadata":{"labels":{"app":"web"}}}"#)
        .unwrap();
    cluster.settle();
    assert_eq!(
        cluster.list(&PODS, "n").len(),
        2,
        "one of three was too many"
    );
}

#[test]
fn a_set_that_is_being_deleted_makes_nothing() {
    let mut cluster = cluster(8);
    replica_set(&cluster, 2, "");
    cluster.settle();
    let set = Target::object(&REPLICA_SETS, "n", "web");
    cluster
        .patch(set, r#"{"metadata":{"finalizers":["example.com/hold"]}}"#)
        .unwrap();
    cluster.delete(set, Deletion::default()).unwrap();
    cluster.settle();
    let pod = names(&cluster)[0].clone();
    cluster
        .delete(Target::object(&PODS, "n", &pod), Deletion::default())
        .unwrap();
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 1);
    assert_eq!(status(&cluster, &REPLICA_SETS).int("replicas"), Some(1));
}

#[test]
fn a_pod_is_available_when_it_has_been_ready_long_enough() {
    let mut cluster = cluster(9);
    replica_set(&cluster, 1, r#","minReadySeconds":30"#);
    cluster.settle();
    let pod = names(&cluster)[0].clone();
    make_ready(&cluster, &pod);
    cluster.advance(Duration::from_secs(29));
    let found = status(&cluster, &REPLICA_SETS);
    assert_eq!(
        (found.int("readyReplicas"), found.int("availableReplicas")),
        (Some(1), None)
    );
    cluster.advance(Duration::from_secs(1));
    assert_eq!(
        status(&cluster, &REPLICA_SETS).int("availableReplicas"),
        Some(1)
    );
}

#[test]
fn pods_that_ended_or_are_being_deleted_are_replaced() {
    let mut cluster = cluster(10);
    replica_set(&cluster, 2, "");
    cluster.settle();
    let pods = names(&cluster);
    let failed = Target::object(&PODS, "n", &pods[0]).sub("status");
    cluster
        .patch(failed, r#"{"status":{"phase":"Failed"}}"#)
        .unwrap();
    let held = Target::object(&PODS, "n", &pods[1]);
    cluster
        .patch(held, r#"{"metadata":{"finalizers":["example.com/hold"]}}"#)
        .unwrap();
    cluster.delete(held, Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 4);
    let found = status(&cluster, &REPLICA_SETS);
    assert_eq!(
        (found.int("replicas"), found.int("terminatingReplicas")),
        (Some(2), Some(1))
    );
}

#[test]
fn the_number_is_right_after_faults_and_restarts() {
    for seed in 0..10 {
        let mut cluster = cluster(seed);
        cluster.faults.set(200, 100, 50);
        replica_set(&cluster, 7, "");
        cluster.advance(Duration::from_millis(100));
        cluster.restart();
        scale(&cluster, &REPLICA_SETS, 3);
        cluster.advance(Duration::from_millis(100));
        cluster.faults.stop();
        cluster.wait(Duration::from_mins(5), |cluster| {
            cluster.list(&PODS, "n").len() == 3
                && status(cluster, &REPLICA_SETS).int("replicas") == Some(3)
        });
    }
}

#[test]
fn a_watch_that_begins_anew_hides_no_pod_that_was_just_made() {
    for seed in 0..5 {
        let mut cluster = cluster(seed);
        let other = r#"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
        cluster.create(&PODS, "n", other).unwrap();
        cluster.settle();
        cluster.faults.set(0, 0, 400);
        replica_set(&cluster, 3, "");
        let mut number = 0;
        while cluster.step() {
            // What comes first in a list is what changed last.
            if number < 30 {
                number += 1;
                let patch = format!(r#"{{"metadata":{{"labels":{{"number":"{number}"}}}}}}"#);
                cluster
                    .patch(Target::object(&PODS, "n", "a"), &patch)
                    .unwrap();
            }
            assert!(cluster.list(&PODS, "n").len() <= 4, "seed {seed}");
        }
    }
}
