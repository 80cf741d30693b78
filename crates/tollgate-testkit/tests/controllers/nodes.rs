//! Simulated nodes and the lives of pods on them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{Deletion, Target};
use tollgate_api::{Release, Value};
use tollgate_controllers::node::{Kubelets, config};
use tollgate_controllers::resources::{CONFIG_MAPS, EVENTS, LEASES, NODES, PODS};
use tollgate_testkit::cluster::Cluster;

const SECOND: Duration = Duration::from_secs(1);

fn cluster(seed: u64, nodes: u32, capacity: &'static str) -> Cluster {
    let controllers = move || {
        let capacity = config::parse_capacity(capacity).unwrap();
        let plans = config::equal_nodes(nodes, capacity).unwrap();
        vec![Arc::new(Kubelets::new(plans, Release::default())) as _]
    };
    let cluster = Cluster::new(seed, Box::new(controllers));
    let account = r#"{"metadata":{"name":"default"}}"#;
    let accounts = &tollgate_controllers::resources::SERVICE_ACCOUNTS;
    cluster.create(accounts, "default", account).unwrap();
    cluster
}

fn pod(cluster: &Cluster, name: &str, node: &str, more: &str) {
    let object = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{"nodeName":"{node}",
        "containers":[{{"name":"c","image":"x:1","resources":{{"requests":{{"cpu":"1"}}}}}}]{more}}}}}"#
    );
    cluster.create(&PODS, "default", &object).unwrap();
}

fn status(cluster: &Cluster, name: &str) -> Value {
    let pod = cluster.get(&PODS, "default", name).unwrap();
    pod.get("status").unwrap().clone()
}

fn phase(cluster: &Cluster, name: &str) -> String {
    status(cluster, name).str_or_empty("phase").to_owned()
}

fn told(cluster: &Cluster) -> Vec<String> {
    let mut events: Vec<String> = cluster
        .list(&EVENTS, "default")
        .iter()
        .map(|event| {
            let host = event
                .at(&["source", "host"])
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!("{host} {}", event.str_or_empty("reason"))
        })
        .collect();
    events.sort();
    events
}

#[test]
fn nodes_register_and_keep_their_leases() {
    let mut cluster = cluster(1, 2, "");
    cluster.advance(SECOND * 15);
    let node = cluster.get(&NODES, "", "node-1").unwrap();
    assert_eq!(
        node.at(&["status", "nodeInfo", "kubeletVersion"])
            .unwrap()
            .as_str(),
        Some("v1.36.0")
    );
    let lease = cluster.get(&LEASES, "kube-node-lease", "node-1").unwrap();
    assert_eq!(
        lease
            .at(&["spec", "leaseDurationSeconds"])
            .unwrap()
            .as_i64(),
        Some(40)
    );
    let owner = &lease.get("metadata").unwrap().items("ownerReferences")[0];
    assert_eq!(owner.get("uid"), node.at(&["metadata", "uid"]));
    cluster.advance(SECOND * 10);
    let later = cluster.get(&LEASES, "kube-node-lease", "node-1").unwrap();
    assert_ne!(
        lease.at(&["spec", "renewTime"]),
        later.at(&["spec", "renewTime"])
    );
    // Nothing but leases is written while nothing happens.
    let same = cluster.get(&NODES, "", "node-1").unwrap();
    assert_eq!(node, same);
    cluster.advance(SECOND * 300);
    assert_ne!(node, cluster.get(&NODES, "", "node-1").unwrap());
}

#[test]
fn a_thousand_nodes_write_about_ten_leases_a_second() {
    let mut cluster = cluster(1, 1_000, "");
    cluster.advance(SECOND * 100);
    let before = cluster.store.snapshot().revision();
    cluster.advance(SECOND * 100);
    let written = cluster.store.snapshot().revision() - before;
    assert!((900..=1_100).contains(&written), "{written}");
}

#[test]
fn a_pod_runs_after_two_writes_and_people_are_told() {
    let mut cluster = cluster(1, 1, "");
    cluster.settle();
    pod(&cluster, "p", "node-0", "");
    cluster.settle();
    assert_eq!(phase(&cluster, "p"), "Pending");
    let created = status(&cluster, "p");
    let waiting = created.items("containerStatuses")[0]
        .at(&["state", "waiting"])
        .unwrap();
    assert_eq!(waiting.str("reason"), Some("ContainerCreating"));
    cluster.advance(SECOND * 2);
    let running = status(&cluster, "p");
    assert_eq!(running.str("phase"), Some("Running"));
    assert_eq!(running.str("podIP"), Some("10.128.0.2"));
    assert_eq!(
        told(&cluster),
        ["node-0 Created", "node-0 Pulled", "node-0 Started"]
    );
    let fields = cluster.get(&PODS, "default", "p").unwrap();
    let managers = fields.get("metadata").unwrap().items("managedFields");
    assert!(
        managers
            .iter()
            .any(|one| one.str("manager") == Some("kubelet"))
    );
    // No later look writes anything.
    let before = cluster.get(&PODS, "default", "p");
    cluster.advance(SECOND * 3_600);
    assert_eq!(before, cluster.get(&PODS, "default", "p"));
}

#[test]
fn a_deleted_pod_goes_when_its_containers_have_stopped() {
    let mut cluster = cluster(1, 1, "");
    cluster.settle();
    pod(&cluster, "p", "node-0", "");
    cluster.advance(SECOND * 5);
    cluster
        .delete(Target::object(&PODS, "default", "p"), Deletion::default())
        .unwrap();
    cluster.settle();
    assert_eq!(phase(&cluster, "p"), "Running");
    cluster.advance(SECOND * 2);
    assert_eq!(cluster.get(&PODS, "default", "p"), None);
    assert!(told(&cluster).contains(&"node-0 Killing".to_owned()));
}

#[test]
fn a_pod_with_a_finalizer_ends_and_stays_until_it_is_let_go() {
    let mut cluster = cluster(1, 1, "");
    cluster.settle();
    pod(&cluster, "p", "node-0", "");
    let target = Target::object(&PODS, "default", "p");
    cluster
        .patch(
            target,
            r#"{"metadata":{"finalizers":["example.com/hold"]}}"#,
        )
        .unwrap();
    cluster.advance(SECOND * 5);
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.advance(SECOND * 60);
    assert_eq!(phase(&cluster, "p"), "Succeeded");
    cluster
        .patch(target, r#"{"metadata":{"finalizers":null}}"#)
        .unwrap();
    cluster.advance(SECOND * 5);
    assert_eq!(cluster.get(&PODS, "default", "p"), None);
}

#[test]
fn a_node_takes_no_more_than_it_has() {
    let mut cluster = cluster(1, 1, "cpu=3");
    cluster.settle();
    for number in 0..5 {
        pod(&cluster, &format!("p{number}"), "node-0", "");
    }
    cluster.advance(SECOND * 5);
    let phases: Vec<_> = (0..5)
        .map(|number| phase(&cluster, &format!("p{number}")))
        .collect();
    assert_eq!(phases.iter().filter(|phase| *phase == "Running").count(), 3);
    assert_eq!(phases.iter().filter(|phase| *phase == "Failed").count(), 2);
    // A restart counts what is there.
    cluster.restart_controllers();
    cluster.settle();
    pod(&cluster, "late", "node-0", "");
    cluster.advance(SECOND * 5);
    assert_eq!(status(&cluster, "late").str("reason"), Some("OutOfcpu"));
    let running = phases.iter().position(|phase| phase == "Running").unwrap();
    let name = format!("p{running}");
    cluster
        .delete(Target::object(&PODS, "default", &name), Deletion::default())
        .unwrap();
    cluster.advance(SECOND * 5);
    pod(&cluster, "later", "node-0", "");
    cluster.advance(SECOND * 5);
    assert_eq!(phase(&cluster, "later"), "Running");
}

#[test]
fn a_pod_waits_for_its_config_map_and_goes_on_when_it_comes() {
    let mut cluster = cluster(1, 1, "");
    cluster.settle();
    let volumes = r#","volumes":[{"name":"v","configMap":{"name":"settings"}}]"#;
    pod(&cluster, "p", "node-0", volumes);
    cluster.advance(SECOND * 30);
    assert_eq!(phase(&cluster, "p"), "Pending");
    assert_eq!(told(&cluster), ["node-0 FailedMount"]);
    cluster
        .create(
            &CONFIG_MAPS,
            "default",
            r#"{"metadata":{"name":"settings"}}"#,
        )
        .unwrap();
    cluster.settle();
    assert_eq!(phase(&cluster, "p"), "Running");
}

#[test]
fn a_resize_waits_for_room_and_gets_it() {
    let mut cluster = cluster(1, 1, "cpu=3");
    cluster.settle();
    pod(&cluster, "a", "node-0", "");
    pod(&cluster, "b", "node-0", "");
    cluster.advance(SECOND * 5);
    let resize = Target::object(&PODS, "default", "a").sub("resize");
    let mut asked = cluster.get(&PODS, "default", "a").unwrap();
    let requests = asked.child_mut("spec").items_mut("containers")[0]
        .child_mut("resources")
        .child_mut("requests");
    requests.set("cpu", "3");
    cluster.update(resize, asked).unwrap();
    cluster.advance(SECOND * 5);
    let has = |cluster: &Cluster, kind: &str| {
        status(cluster, "a")
            .items("conditions")
            .iter()
            .any(|one| one.str("type") == Some(kind))
    };
    assert!(has(&cluster, "PodResizePending"));
    cluster
        .delete(Target::object(&PODS, "default", "b"), Deletion::default())
        .unwrap();
    cluster.advance(SECOND * 5);
    assert!(!has(&cluster, "PodResizePending") && !has(&cluster, "PodResizeInProgress"));
    let resized = status(&cluster, "a");
    let container = &resized.items("containerStatuses")[0];
    assert_eq!(
        container
            .at(&["resources", "requests", "cpu"])
            .unwrap()
            .as_str(),
        Some("3")
    );
}

#[test]
fn a_deleted_node_stays_away_until_its_kubelet_starts_again() {
    let mut cluster = cluster(1, 2, "");
    cluster.settle();
    cluster
        .delete(Target::object(&NODES, "", "node-0"), Deletion::default())
        .unwrap();
    cluster.advance(SECOND * 600);
    assert_eq!(cluster.get(&NODES, "", "node-0"), None);
    cluster.restart_controllers();
    cluster.settle();
    assert!(cluster.get(&NODES, "", "node-0").is_some());
}

#[test]
fn a_node_that_is_down_reports_nothing_and_its_pods_stand_still() {
    let mut cluster = cluster(1, 1, "");
    cluster.advance(SECOND);
    let node = Target::object(&NODES, "", "node-0");
    cluster
        .patch(
            node,
            r#"{"metadata":{"annotations":{"tollgate.dev/down":"true"}}}"#,
        )
        .unwrap();
    cluster.advance(SECOND * 30);
    pod(&cluster, "p", "node-0", "");
    let lease = cluster.get(&LEASES, "kube-node-lease", "node-0");
    cluster.advance(SECOND * 600);
    assert_eq!(lease, cluster.get(&LEASES, "kube-node-lease", "node-0"));
    assert_eq!(status(&cluster, "p").get("startTime"), None);
    cluster
        .patch(
            node,
            r#"{"metadata":{"annotations":{"tollgate.dev/down":null}}}"#,
        )
        .unwrap();
    cluster.advance(SECOND * 5);
    assert_eq!(phase(&cluster, "p"), "Running");
    assert_ne!(lease, cluster.get(&LEASES, "kube-node-lease", "node-0"));
}

#[test]
fn nodes_keep_their_own_labels_and_what_others_add() {
    let mut cluster = cluster(1, 1, "");
    cluster.settle();
    let node = Target::object(&NODES, "", "node-0");
    cluster
        .patch(
            node,
            r#"{"metadata":{"labels":{"zone":"a"}},"spec":{"unschedulable":true}}"#,
        )
        .unwrap();
    cluster.restart_controllers();
    cluster.advance(SECOND * 600);
    let object = cluster.get(&NODES, "", "node-0").unwrap();
    assert_eq!(
        object.at(&["metadata", "labels", "zone"]).unwrap().as_str(),
        Some("a")
    );
    assert_eq!(
        object.at(&["spec", "unschedulable"]).unwrap().as_bool(),
        Some(true)
    );
}

#[test]
fn faults_and_restarts_delay_lives_but_change_no_end() {
    for seed in 0..10 {
        let mut cluster = cluster(seed, 2, "");
        cluster.faults.set(200, 50, 50);
        for number in 0..12 {
            pod(
                &cluster,
                &format!("p{number}"),
                &format!("node-{}", number % 2),
                "",
            );
            cluster.advance(Duration::from_millis(300));
            if number % 5 == 4 {
                cluster.restart_controllers();
            }
        }
        cluster.faults.stop();
        cluster.wait(SECOND * 120, |cluster| {
            (0..12).all(|number| phase(cluster, &format!("p{number}")) == "Running")
        });
        let addresses: BTreeSet<String> = (0..12)
            .map(|number| {
                status(&cluster, &format!("p{number}"))
                    .str_or_empty("podIP")
                    .to_owned()
            })
            .collect();
        assert_eq!(addresses.len(), 12, "seed {seed}");
    }
}
