//! Deployments: rollouts, their history, and what quotas make of them.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Propagation, Target};
use tollgate_apiserver::environment::Environment;
use tollgate_controllers::deployment::Deployments;
use tollgate_controllers::replica_set::ReplicaSets;
use tollgate_controllers::resources::{
    DEPLOYMENTS, EVENTS, NAMESPACES, PODS, REPLICA_SETS, RESOURCE_QUOTAS,
};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_testkit::cluster::Cluster;

const WEB: Target<'_> = Target::object(&DEPLOYMENTS, "n", "web");
const REVISION: &str = "deployment.kubernetes.io/revision";

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(ServiceAccounts) as _,
            Arc::new(Deployments::default()) as _,
            Arc::new(ReplicaSets::of_replica_sets()) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster
        .create(&NAMESPACES, "", r#"{"metadata":{"name":"n"}}"#)
        .unwrap();
    cluster.settle();
    cluster
}

fn deploy(cluster: &Cluster, replicas: i64, strategy: &str, extra: &str) {
    let object = format!(
        r#"{{"metadata":{{"name":"web","labels":{{"app":"web"}}}},"spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"web"}}}},
        "strategy":{strategy},"template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"c","image":"v1"}}]}}}}{extra}}}}}"#
    );
    cluster.create(&DEPLOYMENTS, "n", &object).unwrap();
}

fn rolling(surge: &str, unavailable: &str) -> String {
    format!(
        r#"{{"type":"RollingUpdate","rollingUpdate":{{"maxSurge":{surge},"maxUnavailable":{unavailable}}}}}"#
    )
}

fn set_image(cluster: &Cluster, image: &str) {
    let patch = format!(
        r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
    );
    cluster.patch(WEB, &patch).unwrap();
}

fn scale(cluster: &Cluster, replicas: i64) {
    let patch = format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#);
    cluster.patch(WEB, &patch).unwrap();
}

fn quota(cluster: &Cluster, pods: i64) {
    let quota = format!(r#"{{"metadata":{{"name":"q"}},"spec":{{"hard":{{"pods":"{pods}"}}}}}}"#);
    cluster.create(&RESOURCE_QUOTAS, "n", &quota).unwrap();
}

fn allow(cluster: &Cluster, pods: i64) {
    let target = Target::object(&RESOURCE_QUOTAS, "n", "q");
    let patch = format!(r#"{{"spec":{{"hard":{{"pods":"{pods}"}}}}}}"#);
    cluster.patch(target, &patch).unwrap();
}

fn web(cluster: &Cluster) -> Value {
    cluster.get(&DEPLOYMENTS, "n", "web").unwrap()
}

fn number(cluster: &Cluster, key: &str) -> i64 {
    let web = web(cluster);
    web.get("status").unwrap().int(key).unwrap_or_default()
}

fn condition(cluster: &Cluster, kind: &str) -> Option<Value> {
    let web = web(cluster);
    let conditions = web.get("status").unwrap().items("conditions").to_vec();
    conditions
        .into_iter()
        .find(|condition| condition.str("type") == Some(kind))
}

fn reason(cluster: &Cluster, kind: &str) -> String {
    let condition = condition(cluster, kind).unwrap_or_default();
    format!(
        "{}={}",
        condition.str_or_empty("status"),
        condition.str_or_empty("reason")
    )
}

fn annotation(object: &Value, key: &str) -> String {
    let annotations = object.at(&["metadata", "annotations"]).unwrap();
    annotations.str_or_empty(key).to_owned()
}

fn image(set: &Value) -> String {
    let spec = set.at(&["spec", "template", "spec"]).unwrap();
    spec.items("containers")[0].str_or_empty("image").to_owned()
}

/// Images of the ReplicaSets with their sizes and numbers, by number.
fn sets(cluster: &Cluster) -> Vec<String> {
    let mut sets = cluster.list(&REPLICA_SETS, "n");
    sets.sort_by_key(|set| annotation(set, REVISION));
    let told = |set: &Value| {
        let size = set.get("spec").unwrap().int("replicas").unwrap();
        format!("{} {size} #{}", image(set), annotation(set, REVISION))
    };
    sets.iter().map(told).collect()
}

fn messages(cluster: &Cluster, reason: &str) -> Vec<String> {
    let mut events = cluster.list(&EVENTS, "n");
    events.retain(|event| {
        event.str("reason") == Some(reason)
            && event.get("involvedObject").unwrap().str("kind") == Some("Deployment")
    });
    let message = |event: &Value| event.str_or_empty("message").to_owned();
    events.iter().map(message).collect()
}

/// As kubelets do: every pod of those images gets ready.
fn run(cluster: &mut Cluster, images: &[&str]) {
    cluster.settle();
    while run_once(cluster, images) {
        cluster.settle();
    }
}

/// The most pods that ReplicaSets ask for at a time, and the fewest that run, until the cluster settles. A pod that is to
/// go may still be there when the next one comes, as upstream.
fn run_and_count(cluster: &mut Cluster, images: &[&str]) -> (i64, usize) {
    let (mut most, mut fewest) = (0, usize::MAX);
    loop {
        while cluster.step() {
            let sets = cluster.list(&REPLICA_SETS, "n");
            let sizes = sets
                .iter()
                .filter_map(|set| set.get("spec")?.int("replicas"));
            most = most.max(sizes.sum());
            let pods = cluster.list(&PODS, "n");
            let running = pods
                .iter()
                .filter(|pod| pod.get("status").unwrap().str("phase") == Some("Running"));
            fewest = fewest.min(running.count());
        }
        if !run_once(cluster, images) {
            return (most, fewest);
        }
    }
}

/// As [`run`], but for one pod alone; whether there was one.
fn run_once(cluster: &Cluster, images: &[&str]) -> bool {
    let now = Environment::now(&*cluster.world);
    for pod in cluster.list(&PODS, "n") {
        let image = pod.get("spec").unwrap().items("containers")[0].str_or_empty("image");
        let is_running = pod.get("status").unwrap().str("phase") == Some("Running");
        if is_running || !images.contains(&image) {
            continue;
        }
        let name = pod.get("metadata").unwrap().str_or_empty("name");
        let target = Target::object(&PODS, "n", name).sub("status");
        let patch = format!(
            r#"{{"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True","lastTransitionTime":"{now}"}}]}}}}"#
        );
        cluster.patch(target, &patch).unwrap();
        return true;
    }
    false
}

#[test]
fn a_deployment_makes_a_replica_set_and_its_pods() {
    let mut cluster = cluster(1);
    deploy(&cluster, 3, &rolling("1", "1"), "");
    cluster.settle();
    assert_eq!(
        reason(&cluster, "Available"),
        "False=MinimumReplicasUnavailable"
    );
    assert_eq!(reason(&cluster, "Progressing"), "True=ReplicaSetUpdated");
    let set = &cluster.list(&REPLICA_SETS, "n")[0];
    let hash = set
        .at(&["metadata", "labels"])
        .unwrap()
        .str("pod-template-hash")
        .unwrap()
        .to_owned();
    let name = format!("web-{hash}");
    assert_eq!(
        set.get("metadata").unwrap().str("name"),
        Some(name.as_str())
    );
    let selector = set.at(&["spec", "selector", "matchLabels"]).unwrap();
    assert_eq!(selector.str("pod-template-hash"), Some(hash.as_str()));
    assert_eq!(
        annotation(set, "deployment.kubernetes.io/desired-replicas"),
        "3"
    );
    assert_eq!(
        annotation(set, "deployment.kubernetes.io/max-replicas"),
        "4"
    );
    for pod in cluster.list(&PODS, "n") {
        let labels = pod.at(&["metadata", "labels"]).unwrap();
        assert_eq!(labels.str("pod-template-hash"), Some(hash.as_str()));
    }
    run(&mut cluster, &["v1"]);
    assert_eq!(
        reason(&cluster, "Available"),
        "True=MinimumReplicasAvailable"
    );
    assert_eq!(
        reason(&cluster, "Progressing"),
        "True=NewReplicaSetAvailable"
    );
    let progressing = condition(&cluster, "Progressing").unwrap();
    let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
    assert_eq!(progressing.str("message"), Some(message.as_str()));
    assert_eq!(annotation(&web(&cluster), REVISION), "1");
    assert_eq!(number(&cluster, "availableReplicas"), 3);
    assert_eq!(number(&cluster, "unavailableReplicas"), 0);
    let terminating = web(&cluster)
        .get("status")
        .unwrap()
        .int("terminatingReplicas");
    assert_eq!(terminating, Some(0));
    assert_eq!(
        messages(&cluster, "ScalingReplicaSet"),
        [format!("Scaled up replica set {name} from 0 to 3")]
    );
}

#[test]
fn a_deployment_grows_and_shrinks_without_a_rollout() {
    let mut cluster = cluster(2);
    deploy(&cluster, 2, &rolling("1", "1"), "");
    run(&mut cluster, &["v1"]);
    scale(&cluster, 5);
    run(&mut cluster, &["v1"]);
    assert_eq!(sets(&cluster), ["v1 5 #1"]);
    assert_eq!(number(&cluster, "availableReplicas"), 5);
    scale(&cluster, 0);
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 0);
    assert_eq!(number(&cluster, "replicas"), 0);
    let told = messages(&cluster, "ScalingReplicaSet");
    assert!(
        told[1].ends_with("from 2 to 5") && told[2].ends_with("from 5 to 0"),
        "{told:?}"
    );
}

#[test]
fn a_rolling_update_keeps_its_bounds() {
    for (seed, surge, unavailable, most, fewest) in [
        (3, "2", "0", 8, 6),
        (4, "0", "2", 6, 4),
        (5, "\"50%\"", "\"50%\"", 9, 3),
    ] {
        let mut cluster = cluster(seed);
        deploy(&cluster, 6, &rolling(surge, unavailable), "");
        run(&mut cluster, &["v1"]);
        set_image(&cluster, "v2");
        let found = run_and_count(&mut cluster, &["v2"]);
        assert!(
            found.0 <= most && found.1 >= fewest,
            "{surge} {unavailable} {found:?}"
        );
        assert_eq!(sets(&cluster), ["v1 0 #1", "v2 6 #2"]);
        assert_eq!(annotation(&web(&cluster), REVISION), "2");
        assert_eq!(number(&cluster, "updatedReplicas"), 6);
        assert_eq!(
            reason(&cluster, "Progressing"),
            "True=NewReplicaSetAvailable"
        );
    }
}

#[test]
fn a_rollback_gives_the_old_replica_set_a_new_number() {
    let mut cluster = cluster(6);
    deploy(&cluster, 2, &rolling("1", "0"), "");
    run(&mut cluster, &["v1"]);
    set_image(&cluster, "v2");
    run(&mut cluster, &["v2"]);
    set_image(&cluster, "v1");
    run(&mut cluster, &["v1"]);
    assert_eq!(sets(&cluster), ["v2 0 #2", "v1 2 #3"]);
    let all = cluster.list(&REPLICA_SETS, "n");
    let back = all.iter().find(|set| image(set) == "v1").unwrap();
    assert_eq!(
        annotation(back, "deployment.kubernetes.io/revision-history"),
        "1"
    );
    assert_eq!(annotation(&web(&cluster), REVISION), "3");
}

#[test]
fn a_refused_rollout_tells_why_and_goes_on_when_it_may() {
    let mut cluster = cluster(7);
    quota(&cluster, 3);
    deploy(&cluster, 3, &rolling("1", "0"), "");
    run(&mut cluster, &["v1"]);
    set_image(&cluster, "v2");
    run(&mut cluster, &["v1", "v2"]);
    assert_eq!(sets(&cluster), ["v1 3 #1", "v2 1 #2"]);
    assert_eq!(
        number(&cluster, "availableReplicas"),
        3,
        "nothing was taken for it"
    );
    assert_eq!(reason(&cluster, "ReplicaFailure"), "True=FailedCreate");
    let message = condition(&cluster, "ReplicaFailure")
        .unwrap()
        .str_or_empty("message")
        .to_owned();
    assert!(
        message.ends_with("exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3"),
        "{message}"
    );
    cluster.advance(Duration::from_mins(5));
    assert_eq!(
        messages(&cluster, "FailedCreate"),
        [format!("Error creating: {message}")]
    );
    cluster.advance(Duration::from_mins(6));
    assert_eq!(
        reason(&cluster, "Progressing"),
        "False=ProgressDeadlineExceeded"
    );
    let before = cluster.world.elapsed_now();
    allow(&cluster, 4);
    run(&mut cluster, &["v1", "v2"]);
    assert_eq!(cluster.world.elapsed_now(), before, "nothing waited");
    assert_eq!(sets(&cluster), ["v1 0 #1", "v2 3 #2"]);
    assert_eq!(condition(&cluster, "ReplicaFailure"), None);
    assert_eq!(
        reason(&cluster, "Progressing"),
        "True=NewReplicaSetAvailable"
    );
}

#[test]
fn a_tight_quota_is_enough_when_old_pods_may_go_first() {
    let mut cluster = cluster(8);
    quota(&cluster, 3);
    deploy(&cluster, 3, &rolling("1", "1"), "");
    run(&mut cluster, &["v1"]);
    set_image(&cluster, "v2");
    run(&mut cluster, &["v1", "v2"]);
    assert_eq!(sets(&cluster), ["v1 0 #1", "v2 3 #2"]);
    assert_eq!(condition(&cluster, "ReplicaFailure"), None);
}

#[test]
fn a_refused_replica_set_is_told_and_tried_again_at_once() {
    let mut cluster = cluster(9);
    let quota = r#"{"metadata":{"name":"q"},"spec":{"hard":{"count/replicasets.apps":"0"}}}"#;
    cluster.create(&RESOURCE_QUOTAS, "n", quota).unwrap();
    deploy(&cluster, 1, &rolling("1", "1"), "");
    cluster.advance(Duration::from_mins(2));
    assert_eq!(
        reason(&cluster, "Progressing"),
        "False=ReplicaSetCreateError"
    );
    let message = condition(&cluster, "Progressing")
        .unwrap()
        .str_or_empty("message")
        .to_owned();
    assert!(
        message.starts_with("Failed to create new replica set \"web-"),
        "{message}"
    );
    assert!(message.contains("exceeded quota: q"), "{message}");
    assert_eq!(messages(&cluster, "ReplicaSetCreateError"), [message]);
    let target = Target::object(&RESOURCE_QUOTAS, "n", "q");
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(sets(&cluster), ["v1 1 #1"]);
    assert_eq!(reason(&cluster, "Progressing"), "True=ReplicaSetUpdated");
}

#[test]
fn a_recreation_waits_for_the_last_old_pod() {
    let mut cluster = cluster(10);
    deploy(&cluster, 2, r#"{"type":"Recreate"}"#, "");
    run(&mut cluster, &["v1"]);
    let pods = cluster.list(&PODS, "n");
    let name = pods[0].get("metadata").unwrap().str_or_empty("name");
    let held = Target::object(&PODS, "n", name);
    cluster
        .patch(held, r#"{"metadata":{"finalizers":["example.com/hold"]}}"#)
        .unwrap();
    set_image(&cluster, "v2");
    run(&mut cluster, &["v2"]);
    assert_eq!(sets(&cluster), ["v1 0 #1"]);
    assert_eq!(number(&cluster, "terminatingReplicas"), 1);
    cluster
        .patch(held, r#"{"metadata":{"finalizers":null}}"#)
        .unwrap();
    run(&mut cluster, &["v2"]);
    assert_eq!(sets(&cluster), ["v1 0 #1", "v2 2 #2"]);
    assert_eq!(
        reason(&cluster, "Progressing"),
        "True=NewReplicaSetAvailable"
    );
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let mut cluster = cluster(11);
    deploy(&cluster, 2, &rolling("1", "0"), "");
    run(&mut cluster, &["v1"]);
    cluster.patch(WEB, r#"{"spec":{"paused":true}}"#).unwrap();
    set_image(&cluster, "v2");
    scale(&cluster, 3);
    run(&mut cluster, &["v1", "v2"]);
    assert_eq!(sets(&cluster), ["v1 3 #1"]);
    assert_eq!(reason(&cluster, "Progressing"), "Unknown=DeploymentPaused");
    assert_eq!(number(&cluster, "updatedReplicas"), 0);
    cluster.patch(WEB, r#"{"spec":{"paused":false}}"#).unwrap();
    run(&mut cluster, &["v1", "v2"]);
    assert_eq!(sets(&cluster), ["v1 0 #1", "v2 3 #2"]);
    assert_eq!(
        reason(&cluster, "Progressing"),
        "True=NewReplicaSetAvailable"
    );
}

#[test]
fn another_number_in_the_middle_of_a_rollout_is_shared_out() {
    let mut cluster = cluster(12);
    deploy(&cluster, 10, &rolling("3", "2"), "");
    run(&mut cluster, &["v1"]);
    set_image(&cluster, "v2");
    run(&mut cluster, &["v1"]);
    assert_eq!(sets(&cluster), ["v1 8 #1", "v2 5 #2"]);
    scale(&cluster, 15);
    run(&mut cluster, &["v1"]);
    assert_eq!(
        sets(&cluster),
        ["v1 11 #1", "v2 7 #2"],
        "as in upstream's documentation"
    );
}

#[test]
fn old_replica_sets_go_when_the_history_is_full() {
    let mut cluster = cluster(13);
    deploy(
        &cluster,
        1,
        &rolling("1", "0"),
        r#","revisionHistoryLimit":2"#,
    );
    for version in ["v1", "v2", "v3", "v4", "v5"] {
        set_image(&cluster, version);
        run(&mut cluster, &[version]);
    }
    assert_eq!(sets(&cluster), ["v3 0 #3", "v4 0 #4", "v5 1 #5"]);
}

#[test]
fn orphaned_replica_sets_are_adopted_again() {
    let mut cluster = cluster(14);
    deploy(&cluster, 2, &rolling("1", "0"), "");
    run(&mut cluster, &["v1"]);
    let set = cluster.list(&REPLICA_SETS, "n")[0].clone();
    let metadata = set.get("metadata").unwrap();
    let target = Target::object(&REPLICA_SETS, "n", metadata.str_or_empty("name"));
    let orphan = Deletion {
        propagation: Some(Propagation::Orphan),
        ..Deletion::default()
    };
    // What the garbage collector does is done by hand.
    cluster.delete(WEB, orphan).unwrap();
    cluster
        .patch(target, r#"{"metadata":{"ownerReferences":null}}"#)
        .unwrap();
    cluster
        .patch(WEB, r#"{"metadata":{"finalizers":null}}"#)
        .unwrap();
    cluster.settle();
    assert_eq!(cluster.list(&PODS, "n").len(), 2);
    deploy(&cluster, 3, &rolling("1", "0"), "");
    run(&mut cluster, &["v1"]);
    let sets = cluster.list(&REPLICA_SETS, "n");
    assert_eq!(sets.len(), 1);
    assert_eq!(sets[0].at(&["metadata", "uid"]), metadata.get("uid"));
    let owner = &sets[0].get("metadata").unwrap().items("ownerReferences")[0];
    assert_eq!(owner.get("uid"), web(&cluster).at(&["metadata", "uid"]));
    assert_eq!(number(&cluster, "availableReplicas"), 3);
    assert_eq!(cluster.list(&PODS, "n").len(), 3);
}

#[test]
fn a_template_whose_hash_is_taken_gets_another() {
    let mut cluster = cluster(15);
    deploy(&cluster, 1, &rolling("1", "0"), "");
    run(&mut cluster, &["v1"]);
    let mut taken = cluster.list(&REPLICA_SETS, "n")[0].clone();
    let name = taken
        .at(&["metadata", "name"])
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    let propagation = Deletion {
        propagation: Some(Propagation::Background),
        ..Deletion::default()
    };
    cluster.delete(WEB, propagation).unwrap();
    cluster
        .delete(
            Target::object(&REPLICA_SETS, "n", &name),
            Deletion::default(),
        )
        .unwrap();
    for pod in cluster.list(&PODS, "n") {
        let name = pod.at(&["metadata", "name"]).unwrap().as_str().unwrap();
        cluster
            .delete(Target::object(&PODS, "n", name), Deletion::default())
            .unwrap();
    }
    let metadata = Value::from_iter([("name", name.as_str())]);
    taken.set("metadata", metadata);
    taken.remove("status");
    taken.child_mut("spec").set("replicas", 0);
    cluster
        .create(&REPLICA_SETS, "n", &taken.to_string())
        .unwrap();
    cluster.settle();
    // It is not adopted, for it has none of the labels that the Deployment selects.
    deploy(&cluster, 1, &rolling("1", "0"), "");
    cluster.advance(Duration::from_secs(1));
    run(&mut cluster, &["v1"]);
    assert_eq!(number(&cluster, "collisionCount"), 1);
    assert_eq!(cluster.list(&REPLICA_SETS, "n").len(), 2);
    assert_eq!(number(&cluster, "availableReplicas"), 1);
}

#[test]
fn rollouts_end_after_faults_and_restarts() {
    for seed in 0..10 {
        let mut cluster = cluster(seed);
        cluster.faults.set(200, 100, 50);
        deploy(&cluster, 4, &rolling("1", "1"), "");
        for version in ["v1", "v2", "v3"] {
            set_image(&cluster, version);
            cluster.advance(Duration::from_millis(50));
            run_once(&cluster, &[version]);
            if version == "v2" {
                cluster.restart();
            }
        }
        cluster.faults.stop();
        for _ in 0..8 {
            cluster.advance(Duration::from_secs(5));
            run(&mut cluster, &["v1", "v2", "v3"]);
        }
        assert_eq!(number(&cluster, "availableReplicas"), 4, "seed {seed}");
        assert_eq!(number(&cluster, "updatedReplicas"), 4, "seed {seed}");
        assert_eq!(cluster.list(&PODS, "n").len(), 4, "seed {seed}");
        assert_eq!(
            reason(&cluster, "Progressing"),
            "True=NewReplicaSetAvailable"
        );
    }
}
