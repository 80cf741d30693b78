//! What PodDisruptionBudgets allow, as pods and what they ask for change.

use crate::pods::{events, names, reap, run_all, set_phase};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{Target, Verb};
use tollgate_api::{Value, json};
use tollgate_controllers::disruption::Disruption;
use tollgate_controllers::job::Jobs;
use tollgate_controllers::replica_set::ReplicaSets;
use tollgate_controllers::resources::{JOBS, POD_DISRUPTION_BUDGETS, PODS, REPLICA_SETS};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_testkit::cluster::Cluster;

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(Disruption) as _,
            Arc::new(ReplicaSets::of_replica_sets()) as _,
            Arc::new(Jobs::default()) as _,
            Arc::new(ServiceAccounts) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster.settle();
    cluster
}

fn budget(cluster: &mut Cluster, spec: &str) {
    let budget = format!(
        r#"{{"metadata":{{"name":"calm"}},"spec":{{"selector":{{"matchLabels":{{"app":"web"}}}},{spec}}}}}"#
    );
    cluster
        .create(&POD_DISRUPTION_BUDGETS, "default", &budget)
        .unwrap();
    cluster.settle();
}

fn web(cluster: &mut Cluster, replicas: i64) {
    let set = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"web"}}}},
        "template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"main","image":"web:1"}}]}}}}}}}}"#
    );
    cluster.create(&REPLICA_SETS, "default", &set).unwrap();
    cluster.settle();
    run_all(cluster, "default");
    cluster.settle();
}

fn status(cluster: &Cluster) -> Value {
    let budget = cluster
        .get(&POD_DISRUPTION_BUDGETS, "default", "calm")
        .unwrap();
    budget.get("status").cloned().unwrap_or_default()
}

/// Expected, desired, healthy, allowed, and why.
fn numbers(cluster: &Cluster) -> (i64, i64, i64, i64, String) {
    let status = status(cluster);
    let int = |key| status.int(key).unwrap();
    let reason = status.items("conditions")[0]
        .str_or_empty("reason")
        .to_owned();
    (
        int("expectedPods"),
        int("desiredHealthy"),
        int("currentHealthy"),
        int("disruptionsAllowed"),
        reason,
    )
}

fn evict(cluster: &Cluster, pod: &str) -> bool {
    let text = format!(
        r#"{{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{pod}","namespace":"default"}}}}"#
    );
    let eviction = json::from_str(&text).unwrap();
    let target = Target::object(&PODS, "default", pod).sub("eviction");
    cluster.call(target, Verb::Create(eviction)).is_ok()
}

#[test]
fn pods_beyond_the_desired_may_be_evicted_until_none_is_left() {
    let mut cluster = cluster(1);
    budget(&mut cluster, r#""minAvailable":"60%""#);
    assert_eq!(
        numbers(&cluster),
        (0, 0, 0, 0, "InsufficientPods".to_owned())
    );
    assert!(events(&cluster, "default").contains(&"NoPods: No matching pods found".to_owned()));
    web(&mut cluster, 3);
    assert_eq!(numbers(&cluster), (3, 2, 3, 1, "SufficientPods".to_owned()));
    let pods = names(&cluster.list(&PODS, "default"));
    assert!(evict(&cluster, &pods[0]));
    assert!(!evict(&cluster, &pods[1]));
    cluster.settle();
    assert_eq!(
        numbers(&cluster),
        (3, 2, 2, 0, "InsufficientPods".to_owned())
    );
    reap(&cluster, "default");
    cluster.settle();
    run_all(&cluster, "default");
    cluster.settle();
    assert_eq!(numbers(&cluster), (3, 2, 3, 1, "SufficientPods".to_owned()));
    let pods = names(&cluster.list(&PODS, "default"));
    set_phase(&cluster, "default", &pods[0], "Failed");
    cluster.settle();
    assert_eq!(status(&cluster).int("observedGeneration"), Some(1));
}

#[test]
fn numbers_and_shares_are_reckoned_from_different_counts() {
    for (spec, expected) in [
        (r#""minAvailable":1"#, (4, 1, 4, 3)),
        (r#""maxUnavailable":1"#, (4, 3, 4, 1)),
        (r#""maxUnavailable":"25%""#, (4, 3, 4, 1)),
        (r#""maxUnavailable":0"#, (4, 4, 4, 0)),
    ] {
        let mut cluster = cluster(2);
        web(&mut cluster, 4);
        budget(&mut cluster, spec);
        let (expected_pods, desired, healthy, allowed, _) = numbers(&cluster);
        assert_eq!(
            (expected_pods, desired, healthy, allowed),
            expected,
            "{spec}"
        );
    }
}

#[test]
fn pods_without_a_number_to_go_by_are_told_of() {
    let mut cluster = cluster(3);
    let pod = r#"{"metadata":{"name":"alone","labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":"web:1"}]}}"#;
    cluster.create(&PODS, "default", pod).unwrap();
    budget(&mut cluster, r#""maxUnavailable":1"#);
    let told = events(&cluster, "default");
    let start = "UnmanagedPods: Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged.";
    assert!(
        told.iter().any(|event| event.starts_with(start)),
        "{told:?}"
    );

    let job = r#"{"metadata":{"name":"sum"},"spec":{"template":{"metadata":{"labels":{"app":"web"}},"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"web:1"}]}}}}"#;
    cluster.create(&JOBS, "default", job).unwrap();
    cluster.settle();
    let status = status(&cluster);
    let condition = &status.items("conditions")[0];
    assert_eq!(condition.str("reason"), Some("SyncFailed"));
    assert_eq!(
        condition.str("message"),
        Some("jobs.batch does not implement the scale subresource")
    );
    assert_eq!(status.int("disruptionsAllowed"), Some(0));
    let told = "CalculateExpectedPodCountFailed: Failed to calculate the number of expected pods: jobs.batch does not implement the scale subresource";
    assert!(events(&cluster, "default").contains(&told.to_owned()));
}

#[test]
fn an_eviction_that_comes_to_nothing_is_forgotten() {
    let mut cluster = cluster(4);
    web(&mut cluster, 2);
    budget(&mut cluster, r#""minAvailable":1"#);
    let pods = names(&cluster.list(&PODS, "default"));
    let noted = format!(
        r#"{{"status":{{"disruptionsAllowed":0,"disruptedPods":{{"{}":"2026-01-15T12:00:00Z"}}}}}}"#,
        pods[0]
    );
    let target = Target::object(&POD_DISRUPTION_BUDGETS, "default", "calm").sub("status");
    cluster.patch(target, &noted).unwrap();
    let said = r#"{"status":{"conditions":[{"type":"DisruptionTarget","status":"True","reason":"EvictionByEvictionAPI","lastTransitionTime":"2026-01-15T12:00:00Z"},{"type":"Ready","status":"True"}]}}"#;
    cluster
        .patch(
            Target::object(&PODS, "default", &pods[0]).sub("status"),
            said,
        )
        .unwrap();
    cluster.settle();
    assert_eq!(
        numbers(&cluster),
        (2, 1, 1, 0, "InsufficientPods".to_owned())
    );
    cluster.advance(Duration::from_secs(125));
    assert_eq!(numbers(&cluster), (2, 1, 2, 1, "SufficientPods".to_owned()));
    let told = "NotDeleted: Pod was expected by PDB default/default to be deleted but it wasn't";
    assert!(events(&cluster, "default").contains(&told.to_owned()));
    let pod = cluster.get(&PODS, "default", &pods[0]).unwrap();
    let conditions = pod.get("status").unwrap().items("conditions");
    let target = conditions
        .iter()
        .find(|one| one.str("type") == Some("DisruptionTarget"))
        .unwrap();
    assert_eq!(target.str("status"), Some("False"));
}
