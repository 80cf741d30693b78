//! Dependents follow their owners, are waited for, or stay.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, GroupVersionResource, Propagation, Target};
use tollgate_controllers::garbage_collector::GarbageCollector;
use tollgate_controllers::resources::{CLUSTER_ROLES, CONFIG_MAPS, EVENTS, NAMESPACES, SECRETS};
use tollgate_testkit::cluster::Cluster;

fn cluster(seed: u64) -> Cluster {
    Cluster::new(
        seed,
        Box::new(|| vec![Arc::new(GarbageCollector::default())]),
    )
}

fn uid(object: &Value) -> String {
    let uid = object.at(&["metadata", "uid"]).and_then(Value::as_str);
    uid.unwrap().to_owned()
}

fn reference(kind: &str, name: &str, uid: &str, blocks: bool) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"{kind}","name":"{name}","uid":"{uid}","blockOwnerDeletion":{blocks}}}"#
    )
}

/// A ConfigMap with these owners.
fn map(cluster: &Cluster, namespace: &str, name: &str, owners: &[String]) -> String {
    let owners = owners.join(",");
    let object = format!(r#"{{"metadata":{{"name":"{name}","ownerReferences":[{owners}]}}}}"#);
    uid(&cluster.create(&CONFIG_MAPS, namespace, &object).unwrap())
}

fn has(cluster: &Cluster, name: &str) -> bool {
    cluster.get(&CONFIG_MAPS, "default", name).is_some()
}

fn end(cluster: &Cluster, name: &str, propagation: Propagation) {
    let deletion = Deletion {
        propagation: Some(propagation),
        ..Deletion::default()
    };
    cluster.delete(config_map(name), deletion).unwrap();
}

fn config_map(name: &str) -> Target<'_> {
    Target::object(&CONFIG_MAPS, "default", name)
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
fn dependents_follow_through_generations_in_the_background() {
    let mut cluster = cluster(1);
    let a = map(&cluster, "default", "a", &[]);
    let b = map(
        &cluster,
        "default",
        "b",
        &[reference("ConfigMap", "a", &a, false)],
    );
    map(
        &cluster,
        "default",
        "c",
        &[reference("ConfigMap", "b", &b, false)],
    );
    map(&cluster, "default", "other", &[]);
    cluster.settle();
    assert!(has(&cluster, "b") && has(&cluster, "c"));
    end(&cluster, "a", Propagation::Background);
    assert!(!has(&cluster, "a"));
    cluster.settle();
    assert!(!has(&cluster, "b") && !has(&cluster, "c"));
    assert!(has(&cluster, "other"));
}

#[test]
fn an_object_whose_owner_never_was_goes_and_one_with_another_owner_loses_the_reference() {
    let mut cluster = cluster(2);
    let a = map(&cluster, "default", "a", &[]);
    let ghost = reference(
        "ConfigMap",
        "ghost",
        "11111111-1111-4111-8111-111111111111",
        false,
    );
    map(&cluster, "default", "lost", std::slice::from_ref(&ghost));
    map(
        &cluster,
        "default",
        "kept",
        &[ghost, reference("ConfigMap", "a", &a, false)],
    );
    cluster.settle();
    assert!(!has(&cluster, "lost"));
    let kept = cluster.get(&CONFIG_MAPS, "default", "kept").unwrap();
    let owners = kept.get("metadata").unwrap().items("ownerReferences");
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0].str("name"), Some("a"));
}

#[test]
fn an_owner_in_the_foreground_goes_after_the_dependents_that_block_it() {
    let mut cluster = cluster(3);
    let a = map(&cluster, "default", "a", &[]);
    let owner = reference("ConfigMap", "a", &a, true);
    map(&cluster, "default", "b", std::slice::from_ref(&owner));
    let held = format!(
        r#"{{"metadata":{{"name":"held","finalizers":["example.com/held"],"ownerReferences":[{owner}]}}}}"#
    );
    cluster.create(&CONFIG_MAPS, "default", &held).unwrap();
    cluster.settle();
    end(&cluster, "a", Propagation::Foreground);
    cluster.settle();
    assert!(has(&cluster, "a") && !has(&cluster, "b") && has(&cluster, "held"));
    cluster
        .patch(config_map("held"), r#"{"metadata":{"finalizers":null}}"#)
        .unwrap();
    cluster.settle();
    assert!(!has(&cluster, "a") && !has(&cluster, "held"));
}

#[test]
fn a_dependent_with_a_valid_owner_outlives_one_that_waits() {
    let mut cluster = cluster(4);
    let a = map(&cluster, "default", "a", &[]);
    let b = map(&cluster, "default", "b", &[]);
    let owners = [
        reference("ConfigMap", "a", &a, true),
        reference("ConfigMap", "b", &b, false),
    ];
    map(&cluster, "default", "kid", &owners);
    cluster.settle();
    end(&cluster, "a", Propagation::Foreground);
    cluster.settle();
    assert!(!has(&cluster, "a") && has(&cluster, "kid"));
}

#[test]
fn a_circle_comes_to_an_end() {
    let mut cluster = cluster(5);
    let a = map(&cluster, "default", "a", &[]);
    let b = map(
        &cluster,
        "default",
        "b",
        &[reference("ConfigMap", "a", &a, true)],
    );
    let c = map(
        &cluster,
        "default",
        "c",
        &[reference("ConfigMap", "b", &b, true)],
    );
    let owner = reference("ConfigMap", "c", &c, true);
    cluster
        .patch(
            config_map("a"),
            &format!(r#"{{"metadata":{{"ownerReferences":[{owner}]}}}}"#),
        )
        .unwrap();
    cluster.settle();
    end(&cluster, "a", Propagation::Foreground);
    cluster.advance(Duration::from_secs(10));
    assert!(!has(&cluster, "a") && !has(&cluster, "b") && !has(&cluster, "c"));
}

#[test]
fn orphans_stay_and_lose_their_owner() {
    let mut cluster = cluster(6);
    let a = map(&cluster, "default", "a", &[]);
    for number in 0..100 {
        let owner = reference("ConfigMap", "a", &a, false);
        map(&cluster, "default", &format!("kid{number}"), &[owner]);
    }
    cluster.settle();
    end(&cluster, "a", Propagation::Orphan);
    cluster.settle();
    assert!(!has(&cluster, "a"));
    for number in 0..100 {
        let kid = cluster
            .get(&CONFIG_MAPS, "default", &format!("kid{number}"))
            .unwrap();
        assert!(
            kid.get("metadata")
                .unwrap()
                .items("ownerReferences")
                .is_empty()
        );
    }
}

#[test]
fn an_owner_in_another_namespace_is_none_and_people_are_told() {
    let mut cluster = cluster(7);
    cluster
        .create(&NAMESPACES, "", r#"{"metadata":{"name":"n"}}"#)
        .unwrap();
    let a = map(&cluster, "n", "a", &[]);
    cluster.settle();
    map(
        &cluster,
        "default",
        "kid",
        &[reference("ConfigMap", "a", &a, false)],
    );
    cluster.settle();
    assert!(!has(&cluster, "kid"));
    let expected = format!(
        "OwnerRefInvalidNamespace: ownerRef [v1/ConfigMap, namespace: default, name: a, uid: {a}] does not exist in namespace \"default\""
    );
    assert_eq!(events(&cluster), [expected]);
    let role = format!(
        r#"{{"metadata":{{"name":"role","ownerReferences":[{}]}},"rules":[]}}"#,
        reference("ConfigMap", "a", &a, false)
    );
    cluster.create(&CLUSTER_ROLES, "", &role).unwrap();
    cluster.advance(Duration::from_mins(1));
    assert!(
        cluster.get(&CLUSTER_ROLES, "", "role").is_some(),
        "it stays"
    );
}

#[test]
fn an_owner_of_a_kind_that_nobody_serves_keeps_what_it_owns() {
    let mut cluster = cluster(8);
    let owner = reference(
        "Nothing",
        "a",
        "11111111-1111-4111-8111-111111111111",
        false,
    );
    map(&cluster, "default", "kid", &[owner]);
    cluster.advance(Duration::from_mins(1));
    assert!(has(&cluster, "kid"));
}

#[test]
fn what_comes_back_under_the_same_name_is_not_taken_for_what_went() {
    let mut cluster = cluster(9);
    let a = map(&cluster, "default", "a", &[]);
    map(
        &cluster,
        "default",
        "kid",
        &[reference("ConfigMap", "a", &a, false)],
    );
    cluster.settle();
    end(&cluster, "a", Propagation::Background);
    map(&cluster, "default", "a", &[]);
    cluster.settle();
    assert!(has(&cluster, "a") && !has(&cluster, "kid"));
}

fn count(cluster: &Cluster, resource: &GroupVersionResource) -> usize {
    cluster.list(resource, "default").len()
}

#[test]
fn faults_delay_but_do_not_prevent_it() {
    for seed in 0..4 {
        let mut cluster = cluster(seed);
        let before = count(&cluster, &SECRETS);
        let a = map(&cluster, "default", "a", &[]);
        for number in 0..4 {
            let name = format!("kid{number}");
            let kid = map(
                &cluster,
                "default",
                &name,
                &[reference("ConfigMap", "a", &a, true)],
            );
            let owner = reference("ConfigMap", &name, &kid, true);
            let secret =
                format!(r#"{{"metadata":{{"name":"s{number}","ownerReferences":[{owner}]}}}}"#);
            cluster.create(&SECRETS, "default", &secret).unwrap();
        }
        cluster.settle();
        cluster.faults.set(200, 100, 100);
        let how = if seed % 2 == 0 {
            Propagation::Foreground
        } else {
            Propagation::Background
        };
        end(&cluster, "a", how);
        for _ in 0..5 {
            cluster.step();
        }
        if seed % 3 == 0 {
            cluster.restart();
        }
        cluster.wait(Duration::from_mins(2), |cluster| {
            count(cluster, &CONFIG_MAPS) == 0 && count(cluster, &SECRETS) == before
        });
    }
}
