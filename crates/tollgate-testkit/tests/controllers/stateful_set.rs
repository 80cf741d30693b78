//! A StatefulSet's life: pods one after another, claims that stay or go, updates, and refusals.

use crate::pods::{events, is_dying, name, names, reap, run_all, set_phase};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::Target;
use tollgate_controllers::clock::Clock as _;
use tollgate_controllers::resources::{
    CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, PODS, RESOURCE_QUOTAS, STATEFUL_SETS,
};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_controllers::stateful_set::StatefulSets;
use tollgate_testkit::cluster::Cluster;

const TARGET: Target<'static> = Target::object(&STATEFUL_SETS, "default", "web");

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(StatefulSets::default()) as _,
            Arc::new(ServiceAccounts) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster.settle();
    cluster
}

fn create(cluster: &mut Cluster, spec: &str) {
    let set = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{{spec},"serviceName":"nginx","selector":{{"matchLabels":{{"app":"web"}}}},
        "template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"main","image":"web:1"}}]}}}}}}}}"#
    );
    cluster.create(&STATEFUL_SETS, "default", &set).unwrap();
    cluster.settle();
}

const CLAIMS: &str = r#""volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]"#;

fn patch(cluster: &mut Cluster, patch: &str) {
    cluster.patch(TARGET, patch).unwrap();
    cluster.settle();
}

fn set_image(cluster: &mut Cluster, image: &str) {
    let text = format!(
        r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"main","image":"{image}"}}]}}}}}}}}"#
    );
    patch(cluster, &text);
}

fn pods(cluster: &Cluster) -> Vec<String> {
    names(&cluster.list(&PODS, "default"))
}

fn dying(cluster: &Cluster) -> Vec<String> {
    let pods = cluster.list(&PODS, "default");
    pods.iter().filter(|pod| is_dying(pod)).map(name).collect()
}

fn images(cluster: &Cluster) -> Vec<String> {
    let pods = cluster.list(&PODS, "default");
    let image = |pod: &Value| {
        pod.get("spec").unwrap().items("containers")[0]
            .str_or_empty("image")
            .to_owned()
    };
    pods.iter().map(image).collect()
}

fn status(cluster: &Cluster) -> Value {
    let set = cluster.get(&STATEFUL_SETS, "default", "web").unwrap();
    set.get("status").cloned().unwrap_or_default()
}

/// Does what kubelets do until nothing changes.
fn live(cluster: &mut Cluster) {
    for _ in 0..20 {
        run_all(cluster, "default");
        reap(cluster, "default");
        cluster.settle();
    }
}

#[test]
fn pods_come_and_go_one_after_another() {
    let mut cluster = cluster(1);
    create(&mut cluster, r#""replicas":3"#);
    for ordinal in 0..3 {
        assert_eq!(pods(&cluster).len(), ordinal + 1);
        run_all(&cluster, "default");
        cluster.settle();
    }
    assert_eq!(pods(&cluster), ["web-0", "web-1", "web-2"]);
    let pod = cluster.get(&PODS, "default", "web-1").unwrap();
    let labels = pod.at(&["metadata", "labels"]).unwrap();
    assert_eq!(
        labels.str("statefulset.kubernetes.io/pod-name"),
        Some("web-1")
    );
    assert_eq!(labels.str("apps.kubernetes.io/pod-index"), Some("1"));
    assert_eq!(
        pod.at(&["spec", "hostname"]).unwrap().as_str(),
        Some("web-1")
    );
    assert_eq!(
        pod.at(&["spec", "subdomain"]).unwrap().as_str(),
        Some("nginx")
    );
    let status = status(&cluster);
    for key in [
        "replicas",
        "readyReplicas",
        "availableReplicas",
        "currentReplicas",
        "updatedReplicas",
    ] {
        assert_eq!(status.int(key), Some(3), "{key}");
    }
    assert_eq!(
        labels.str("controller-revision-hash"),
        status.str("currentRevision")
    );
    patch(&mut cluster, r#"{"spec":{"replicas":1}}"#);
    assert_eq!(dying(&cluster), ["web-2"]);
    reap(&cluster, "default");
    cluster.settle();
    assert_eq!(dying(&cluster), ["web-1"]);
    live(&mut cluster);
    assert_eq!(pods(&cluster), ["web-0"]);
    let told = events(&cluster, "default");
    for event in [
        "SuccessfulCreate: create Pod web-0 in StatefulSet web successful",
        "SuccessfulDelete: delete Pod web-2 in StatefulSet web successful",
    ] {
        assert!(told.iter().any(|one| one == event), "{told:?}");
    }
}

#[test]
fn a_parallel_set_does_not_wait() {
    let mut cluster = cluster(2);
    create(
        &mut cluster,
        r#""replicas":3,"podManagementPolicy":"Parallel","ordinals":{"start":5}"#,
    );
    assert_eq!(pods(&cluster), ["web-5", "web-6", "web-7"]);
}

#[test]
fn an_update_stops_at_the_partition_and_is_taken_back_to_an_old_revision() {
    let mut cluster = cluster(3);
    create(
        &mut cluster,
        r#""replicas":3,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}}"#,
    );
    live(&mut cluster);
    let first = status(&cluster).str_or_empty("currentRevision").to_owned();
    set_image(&mut cluster, "web:2");
    assert_eq!(dying(&cluster), ["web-2"]);
    live(&mut cluster);
    assert_eq!(images(&cluster), ["web:1", "web:1", "web:2"]);
    assert_eq!(status(&cluster).str("currentRevision"), Some(&*first));
    let target = Target::object(&PODS, "default", "web-0");
    cluster
        .delete(target, tollgate_api::client::Deletion::default())
        .unwrap();
    cluster.settle();
    live(&mut cluster);
    assert_eq!(images(&cluster), ["web:1", "web:1", "web:2"]);
    patch(
        &mut cluster,
        r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}"#,
    );
    live(&mut cluster);
    assert_eq!(images(&cluster), ["web:2"; 3]);
    let status_now = status(&cluster);
    assert_eq!(
        status_now.get("currentRevision"),
        status_now.get("updateRevision")
    );
    set_image(&mut cluster, "web:1");
    live(&mut cluster);
    assert_eq!(status(&cluster).str("currentRevision"), Some(&*first));
    let revisions = cluster.list(&CONTROLLER_REVISIONS, "default");
    let mut numbers: Vec<i64> = revisions
        .iter()
        .map(|one| one.int("revision").unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3]);
}

#[test]
fn claims_stay_or_go_with_their_pods() {
    let mut cluster = cluster(4);
    create(
        &mut cluster,
        &format!(
            r#""replicas":2,"persistentVolumeClaimRetentionPolicy":{{"whenDeleted":"Delete","whenScaled":"Delete"}},{CLAIMS}"#
        ),
    );
    live(&mut cluster);
    let claims = cluster.list(&PERSISTENT_VOLUME_CLAIMS, "default");
    assert_eq!(names(&claims), ["data-web-0", "data-web-1"]);
    let owner = |cluster: &Cluster, claim: &str| {
        let claim = cluster
            .get(&PERSISTENT_VOLUME_CLAIMS, "default", claim)
            .unwrap();
        let owners = claim
            .get("metadata")
            .unwrap()
            .items("ownerReferences")
            .to_vec();
        owners
            .iter()
            .map(|owner| owner.str_or_empty("kind").to_owned())
            .collect::<Vec<String>>()
    };
    assert_eq!(owner(&cluster, "data-web-1"), ["StatefulSet"]);
    let pod = cluster.get(&PODS, "default", "web-1").unwrap();
    let volumes = pod.get("spec").unwrap().items("volumes");
    let claim = volumes[0]
        .at(&["persistentVolumeClaim", "claimName"])
        .unwrap();
    assert_eq!(claim.as_str(), Some("data-web-1"));
    patch(&mut cluster, r#"{"spec":{"replicas":1}}"#);
    assert_eq!(owner(&cluster, "data-web-1"), ["Pod"]);
    assert_eq!(owner(&cluster, "data-web-0"), ["StatefulSet"]);
    patch(
        &mut cluster,
        r#"{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Retain"}}}"#,
    );
    assert_eq!(owner(&cluster, "data-web-0"), [""; 0]);
    let told = "SuccessfulCreate: create Claim data-web-0 Pod web-0 in StatefulSet web success";
    assert!(events(&cluster, "default").contains(&told.to_owned()));
}

#[test]
fn failed_pods_are_replaced_under_their_names() {
    let mut cluster = cluster(5);
    create(&mut cluster, r#""replicas":1"#);
    live(&mut cluster);
    let uid = |cluster: &Cluster| {
        let pod = cluster.get(&PODS, "default", "web-0").unwrap();
        pod.at(&["metadata", "uid"]).cloned().unwrap()
    };
    let before = uid(&cluster);
    set_phase(&cluster, "default", "web-0", "Failed");
    cluster.settle();
    live(&mut cluster);
    assert_ne!(uid(&cluster), before);
}

#[test]
fn pods_count_when_they_have_been_ready_long_enough() {
    let mut cluster = cluster(6);
    create(&mut cluster, r#""replicas":2,"minReadySeconds":30"#);
    run_all(&cluster, "default");
    cluster.settle();
    assert_eq!(status(&cluster).int("readyReplicas"), Some(1));
    assert_eq!(status(&cluster).int("availableReplicas"), Some(0));
    cluster.advance(Duration::from_secs(29));
    assert_eq!(pods(&cluster), ["web-0"]);
    cluster.advance(Duration::from_secs(1));
    assert_eq!(pods(&cluster), ["web-0", "web-1"]);
    assert_eq!(status(&cluster).int("availableReplicas"), Some(1));
}

#[test]
fn what_a_quota_refuses_is_made_as_soon_as_it_may() {
    let mut cluster = cluster(7);
    let quota = r#"{"metadata":{"name":"few"},"spec":{"hard":{"pods":"0"}}}"#;
    cluster.create(&RESOURCE_QUOTAS, "default", quota).unwrap();
    create(&mut cluster, r#""replicas":1"#);
    cluster.advance(Duration::from_mins(1));
    assert_eq!(pods(&cluster), [""; 0]);
    let told = events(&cluster, "default");
    let start = r#"FailedCreate: create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: exceeded quota: few"#;
    assert!(
        told.iter().any(|event| event.starts_with(start)),
        "{told:?}"
    );
    let target = Target::object(&RESOURCE_QUOTAS, "default", "few");
    cluster
        .patch(target, r#"{"spec":{"hard":{"pods":"1"}}}"#)
        .unwrap();
    let before = cluster.world.now();
    cluster.settle();
    assert_eq!(pods(&cluster), ["web-0"]);
    assert_eq!(cluster.world.now(), before);
}

#[test]
fn the_set_is_whole_after_faults_and_restarts() {
    for seed in 0..8 {
        let mut cluster = cluster(seed);
        cluster.faults.set(200, 100, 50);
        create(&mut cluster, &format!(r#""replicas":3,{CLAIMS}"#));
        for round in 0..12 {
            run_all(&cluster, "default");
            reap(&cluster, "default");
            cluster.advance(Duration::from_millis(200));
            match round {
                4 => set_image(&mut cluster, "web:2"),
                7 => cluster.restart(),
                _ => {}
            }
        }
        cluster.faults.stop();
        for _ in 0..20 {
            run_all(&cluster, "default");
            reap(&cluster, "default");
            cluster.advance(Duration::from_secs(20));
        }
        assert_eq!(pods(&cluster), ["web-0", "web-1", "web-2"], "{seed}");
        assert_eq!(images(&cluster), ["web:2"; 3], "{seed}");
        assert_eq!(status(&cluster).int("updatedReplicas"), Some(3), "{seed}");
        assert_eq!(
            cluster.list(&PERSISTENT_VOLUME_CLAIMS, "default").len(),
            3,
            "{seed}"
        );
    }
}
