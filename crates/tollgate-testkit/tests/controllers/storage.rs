//! Claims and volumes find each other, and what is in use does not go.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, GroupVersionResource, Target};
use tollgate_controllers::attributes_class_protection::AttributesClassProtection;
use tollgate_controllers::ephemeral_volume::EphemeralVolumes;
use tollgate_controllers::persistent_volume::PersistentVolumeBinder;
use tollgate_controllers::resources::{
    PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, SERVICE_ACCOUNTS, STORAGE_CLASSES,
    VOLUME_ATTRIBUTES_CLASSES,
};
use tollgate_controllers::volume_expansion::VolumeExpander;
use tollgate_controllers::volume_protection::{ClaimProtection, VolumeProtection};
use tollgate_testkit::cluster::Cluster;

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(PersistentVolumeBinder::default()) as _,
            Arc::new(EphemeralVolumes) as _,
            Arc::new(VolumeExpander) as _,
            Arc::new(ClaimProtection) as _,
            Arc::new(VolumeProtection) as _,
            Arc::new(AttributesClassProtection) as _,
        ]
    };
    let cluster = Cluster::new(seed, Box::new(controllers));
    let account = r#"{"metadata":{"name":"default"}}"#;
    cluster
        .create(&SERVICE_ACCOUNTS, "default", account)
        .unwrap();
    cluster
}

fn class(cluster: &Cluster, mode: &str) {
    let class = format!(
        r#"{{"metadata":{{"name":"fast"}},"provisioner":"tollgate.dev/simulated","volumeBindingMode":"{mode}","allowVolumeExpansion":true}}"#
    );
    cluster.create(&STORAGE_CLASSES, "", &class).unwrap();
}

fn claim(cluster: &Cluster, name: &str, class: &str) {
    let claim = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"storageClassName":"{class}","accessModes":["ReadWriteOnce"],"resources":{{"requests":{{"storage":"1Gi"}}}}}}}}"#
    );
    cluster
        .create(&PERSISTENT_VOLUME_CLAIMS, "default", &claim)
        .unwrap();
}

fn volume(cluster: &Cluster, name: &str, policy: &str) {
    let volume = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"capacity":{{"storage":"2Gi"}},"accessModes":["ReadWriteOnce"],"persistentVolumeReclaimPolicy":"{policy}","hostPath":{{"path":"/x"}}}}}}"#
    );
    cluster.create(&PERSISTENT_VOLUMES, "", &volume).unwrap();
}

const fn claim_of(name: &str) -> Target<'_> {
    Target::object(&PERSISTENT_VOLUME_CLAIMS, "default", name)
}

fn phase(cluster: &Cluster, resource: &GroupVersionResource, name: &str) -> String {
    let namespace = if *resource == PERSISTENT_VOLUMES {
        ""
    } else {
        "default"
    };
    let Some(object) = cluster.get(resource, namespace, name) else {
        return "gone".to_owned();
    };
    let phase = object.at(&["status", "phase"]).and_then(Value::as_str);
    phase.unwrap_or_default().to_owned()
}

fn claim_phase(cluster: &Cluster, name: &str) -> String {
    phase(cluster, &PERSISTENT_VOLUME_CLAIMS, name)
}

#[test]
fn a_claim_takes_a_volume_that_suits_and_leaves_it_released() {
    let mut cluster = cluster(1);
    claim(&cluster, "a", "");
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "a"), "Pending");
    volume(&cluster, "v", "Retain");
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "a"), "Bound");
    assert_eq!(phase(&cluster, &PERSISTENT_VOLUMES, "v"), "Bound");
    let bound = cluster
        .get(&PERSISTENT_VOLUME_CLAIMS, "default", "a")
        .unwrap();
    assert_eq!(
        bound
            .at(&["status", "capacity", "storage"])
            .and_then(Value::as_str),
        Some("2Gi")
    );
    cluster.delete(claim_of("a"), Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "a"), "gone");
    assert_eq!(phase(&cluster, &PERSISTENT_VOLUMES, "v"), "Released");
    claim(&cluster, "b", "");
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "b"), "Pending");
}

#[test]
fn a_simulated_class_makes_volumes_enlarges_and_removes_them() {
    let mut cluster = cluster(2);
    class(&cluster, "Immediate");
    claim(&cluster, "a", "fast");
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "a"), "Bound");
    assert_eq!(cluster.list(&PERSISTENT_VOLUMES, "").len(), 1);
    let more = r#"{"spec":{"resources":{"requests":{"storage":"3Gi"}}}}"#;
    cluster.patch(claim_of("a"), more).unwrap();
    cluster.settle();
    let bound = cluster
        .get(&PERSISTENT_VOLUME_CLAIMS, "default", "a")
        .unwrap();
    assert_eq!(
        bound
            .at(&["status", "capacity", "storage"])
            .and_then(Value::as_str),
        Some("3Gi")
    );
    cluster.delete(claim_of("a"), Deletion::default()).unwrap();
    cluster.settle();
    assert!(cluster.list(&PERSISTENT_VOLUMES, "").is_empty());
}

#[test]
fn a_class_that_waits_for_a_consumer_makes_a_volume_when_a_node_is_chosen() {
    let mut cluster = cluster(3);
    class(&cluster, "WaitForFirstConsumer");
    claim(&cluster, "a", "fast");
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "a"), "Pending");
    let node = r#"{"metadata":{"annotations":{"volume.kubernetes.io/selected-node":"node"}}}"#;
    cluster.patch(claim_of("a"), node).unwrap();
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "a"), "Bound");
}

#[test]
fn a_claim_stays_while_a_pod_uses_it() {
    let mut cluster = cluster(4);
    class(&cluster, "Immediate");
    claim(&cluster, "a", "fast");
    let pod = r#"{"metadata":{"name":"p"},"spec":{"nodeName":"node","containers":[{"name":"c","image":"i"}],"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"a"}}]}}"#;
    cluster.create(&PODS, "default", pod).unwrap();
    cluster.settle();
    cluster.delete(claim_of("a"), Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "a"), "Bound");
    let now = Deletion {
        grace_period_seconds: Some(0),
        ..Deletion::default()
    };
    let pod = Target::object(&PODS, "default", "p");
    cluster.delete(pod, now).unwrap();
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "a"), "gone");
}

#[test]
fn a_volume_of_a_pod_gets_a_claim_of_its_own() {
    let mut cluster = cluster(6);
    class(&cluster, "Immediate");
    let pod = r#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}],"volumes":[{"name":"d","ephemeral":{"volumeClaimTemplate":{"spec":{"storageClassName":"fast","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}}]}}"#;
    cluster.create(&PODS, "default", pod).unwrap();
    cluster.settle();
    assert_eq!(claim_phase(&cluster, "p-d"), "Bound");
}

#[test]
fn a_claim_that_loses_its_volume_is_lost() {
    let mut cluster = cluster(5);
    claim(&cluster, "a", "");
    volume(&cluster, "v", "Retain");
    cluster.settle();
    let target = Target::object(&PERSISTENT_VOLUMES, "", "v");
    cluster
        .patch(target, r#"{"metadata":{"finalizers":null}}"#)
        .unwrap();
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    if claim_phase(&cluster, "a") == "Bound" {
        // The finalizer came back before the deletion.
        cluster
            .patch(target, r#"{"metadata":{"finalizers":null}}"#)
            .unwrap();
        cluster.settle();
    }
    assert_eq!(claim_phase(&cluster, "a"), "Lost");
}

#[test]
fn faults_delay_but_do_not_prevent_that_each_claim_gets_one_volume() {
    for seed in 0..6 {
        let mut cluster = cluster(seed);
        class(&cluster, "Immediate");
        cluster.faults.set(200, 100, 50);
        for number in 0..4 {
            volume(&cluster, &format!("v{number}"), "Retain");
            claim(&cluster, &format!("s{number}"), "");
            claim(&cluster, &format!("d{number}"), "fast");
            cluster.advance(Duration::from_millis(20));
        }
        cluster.restart();
        let all_bound = |cluster: &Cluster| {
            let claims = cluster.list(&PERSISTENT_VOLUME_CLAIMS, "default");
            claims.iter().all(|claim| {
                claim.at(&["status", "phase"]).and_then(Value::as_str) == Some("Bound")
            })
        };
        cluster.wait(Duration::from_mins(5), all_bound);
        cluster.faults.stop();
        cluster.advance(Duration::from_mins(5));
        assert!(all_bound(&cluster));
        let volumes = cluster.list(&PERSISTENT_VOLUMES, "");
        assert_eq!(volumes.len(), 8);
        for volume in volumes {
            let phase = volume.at(&["status", "phase"]).and_then(Value::as_str);
            assert_eq!(phase, Some("Bound"), "{volume}");
        }
    }
}

#[test]
fn a_class_of_attributes_goes_when_no_claim_and_no_volume_names_it() {
    let mut cluster = cluster(30);
    let make = |cluster: &Cluster, name: &str| {
        let class = format!(
            r#"{{"metadata":{{"name":"{name}"}},"driverName":"simulated.tollgate.dev","parameters":{{"iops":"1"}}}}"#
        );
        cluster
            .create(&VOLUME_ATTRIBUTES_CLASSES, "", &class)
            .unwrap();
    };
    make(&cluster, "gold");
    make(&cluster, "unused");
    let claim = r#"{"metadata":{"name":"data"},"spec":{"volumeAttributesClassName":"gold","storageClassName":"",
        "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}"#;
    cluster
        .create(&PERSISTENT_VOLUME_CLAIMS, "default", claim)
        .unwrap();
    cluster.settle();
    for name in ["gold", "unused"] {
        let target = Target::object(&VOLUME_ATTRIBUTES_CLASSES, "", name);
        cluster.delete(target, Deletion::default()).unwrap();
    }
    cluster.settle();
    let there = |cluster: &Cluster, name: &str| {
        let found = cluster.get(&VOLUME_ATTRIBUTES_CLASSES, "", name);
        found.is_some()
    };
    assert!(!there(&cluster, "unused"));
    assert!(there(&cluster, "gold"));
    cluster
        .delete(claim_of("data"), Deletion::default())
        .unwrap();
    cluster.settle();
    assert!(!there(&cluster, "gold"));
}
