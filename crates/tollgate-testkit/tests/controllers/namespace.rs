//! Namespaces that are deleted lose their content, then go.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::namespace::Namespaces;
use tollgate_controllers::resources::{CONFIG_MAPS, NAMESPACES, PODS, SERVICE_ACCOUNTS};
use tollgate_testkit::cluster::Cluster;

const NAMESPACE: Target<'_> = Target::object(&NAMESPACES, "", "n");

fn cluster(seed: u64) -> Cluster {
    let cluster = Cluster::new(seed, Box::new(|| vec![Arc::new(Namespaces)]));
    let object = r#"{"metadata":{"name":"n"}}"#;
    cluster.create(&NAMESPACES, "", object).unwrap();
    let account = r#"{"metadata":{"name":"default"}}"#;
    cluster.create(&SERVICE_ACCOUNTS, "n", account).unwrap();
    cluster
}

fn pod(cluster: &Cluster, name: &str, node: &str) {
    let pod = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"nodeName":"{node}","containers":[{{"name":"c","image":"i"}}]}}}}"#
    );
    cluster.create(&PODS, "n", &pod).unwrap();
}

/// The conditions that are true: type, reason and message.
fn conditions(cluster: &Cluster) -> Vec<String> {
    let namespace = cluster.get(&NAMESPACES, "", "n").unwrap();
    let conditions = namespace.get("status").unwrap().items("conditions").iter();
    let bad = conditions.filter(|condition| condition.str("status") == Some("True"));
    bad.map(|condition| {
        format!(
            "{} {}: {}",
            condition.str_or_empty("type"),
            condition.str_or_empty("reason"),
            condition.str_or_empty("message")
        )
    })
    .collect()
}

#[test]
fn pods_go_first_and_are_given_their_time() {
    let mut cluster = cluster(1);
    pod(&cluster, "bound", "node");
    pod(&cluster, "unbound", "");
    cluster
        .create(&CONFIG_MAPS, "n", r#"{"metadata":{"name":"m"}}"#)
        .unwrap();
    cluster.delete(NAMESPACE, Deletion::default()).unwrap();
    cluster.settle();
    assert!(cluster.get(&PODS, "n", "unbound").is_none());
    assert!(cluster.get(&CONFIG_MAPS, "n", "m").is_some());
    assert_eq!(
        conditions(&cluster),
        [
            "NamespaceContentRemaining SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances"
        ]
    );
    let now = Deletion {
        grace_period_seconds: Some(0),
        ..Deletion::default()
    };
    cluster
        .delete(Target::object(&PODS, "n", "bound"), now)
        .unwrap();
    cluster.advance(Duration::from_secs(1));
    assert!(cluster.get(&NAMESPACES, "", "n").is_none());
    assert!(cluster.get(&CONFIG_MAPS, "n", "m").is_none());
}

#[test]
fn a_finalizer_holds_the_namespace_and_is_named() {
    let mut cluster = cluster(2);
    let map = r#"{"metadata":{"name":"m","finalizers":["example.com/held"]}}"#;
    cluster.create(&CONFIG_MAPS, "n", map).unwrap();
    cluster.delete(NAMESPACE, Deletion::default()).unwrap();
    cluster.advance(Duration::from_mins(1));
    assert_eq!(
        conditions(&cluster),
        [
            "NamespaceContentRemaining SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances",
            "NamespaceFinalizersRemaining SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances"
        ]
    );
    let map = Target::object(&CONFIG_MAPS, "n", "m");
    cluster
        .patch(map, r#"{"metadata":{"finalizers":null}}"#)
        .unwrap();
    cluster.advance(Duration::from_secs(1));
    assert!(cluster.get(&NAMESPACES, "", "n").is_none());
}

#[test]
fn a_namespace_stays_while_it_has_a_finalizer_of_its_own() {
    let mut cluster = cluster(3);
    cluster
        .patch(
            NAMESPACE,
            r#"{"metadata":{"finalizers":["example.com/held"]}}"#,
        )
        .unwrap();
    cluster.delete(NAMESPACE, Deletion::default()).unwrap();
    cluster.settle();
    let held = cluster.get(&NAMESPACES, "", "n").unwrap();
    assert!(
        held.get("spec")
            .is_none_or(|spec| spec.items("finalizers").is_empty())
    );
    assert_eq!(
        held.at(&["status", "phase"]).and_then(Value::as_str),
        Some("Terminating")
    );
    cluster
        .patch(NAMESPACE, r#"{"metadata":{"finalizers":null}}"#)
        .unwrap();
    cluster.settle();
    assert!(cluster.get(&NAMESPACES, "", "n").is_none());
}

#[test]
fn faults_delay_but_do_not_prevent_it() {
    for seed in 0..8 {
        let mut cluster = cluster(seed);
        for number in 0..5 {
            pod(&cluster, &format!("p{number}"), "");
            let map = format!(r#"{{"metadata":{{"name":"m{number}"}}}}"#);
            cluster.create(&CONFIG_MAPS, "n", &map).unwrap();
        }
        cluster.faults.set(100, 50, 50);
        cluster.delete(NAMESPACE, Deletion::default()).unwrap();
        cluster.advance(Duration::from_millis(50));
        if seed % 2 == 0 {
            cluster.restart();
        }
        cluster.faults.stop();
        cluster.wait(Duration::from_mins(1), |cluster| {
            cluster.get(&NAMESPACES, "", "n").is_none()
        });
        assert!(cluster.list(&PODS, "n").is_empty());
        assert!(cluster.list(&CONFIG_MAPS, "n").is_empty());
    }
}
