use super::*;
use crate::arbitrary::{pod_like, tree};
use proptest::prelude::*;
use tollgate_api::json;

const CLUSTER: Cluster = Cluster { nodes: 4 };

#[track_caller]
fn plan(text: &str) -> Plan {
    let object = json::from_str(text).unwrap();
    of(&GroupVersionKind::of(&object))
        .unwrap()
        .plan(&object, CLUSTER)
}

fn deployment(strategy: &str, replicas: u64) -> Plan {
    plan(&format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web","namespace":"ns"}},
            "spec":{{"replicas":{replicas},"strategy":{strategy},
            "template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"c"}}]}}}}}}}}"#
    ))
}

#[test]
fn a_deployment_creates_a_replica_set_and_pods_below_it() {
    let plan = deployment("{}", 5);
    let metadata = plan.pod.get("metadata").unwrap();
    assert_eq!(metadata.str("generateName"), Some("web-xxxxxxxxxx-"));
    assert_eq!(metadata.str("name"), Some("web-xxxxxxxxxx-xxxxx"));
    assert_eq!(metadata.at(&["labels"]).unwrap().str("app"), Some("web"));
    assert_eq!(
        metadata.items("ownerReferences")[0].str("kind"),
        Some("ReplicaSet")
    );
    assert_eq!((plan.pods, plan.surge, plan.may_shrink), (5, 2, true));
    assert_eq!(plan.objects[0].resource.to_string(), "replicasets.apps");
}

#[test]
fn surge_rounds_up_and_unavailable_rounds_down() {
    let rolling = |surge: &str, unavailable: &str, replicas| {
        let strategy =
            format!(r#"{{"rollingUpdate":{{"maxSurge":{surge},"maxUnavailable":{unavailable}}}}}"#);
        let plan = deployment(&strategy, replicas);
        (plan.surge, plan.may_shrink)
    };
    assert_eq!(rolling("\"25%\"", "\"25%\"", 3), (1, false));
    assert_eq!(rolling("1", "0", 3), (1, false));
    assert_eq!(rolling("0", "1", 3), (0, true));
    assert_eq!(rolling("\"100%\"", "\"50%\"", 3), (3, true));
    assert_eq!(rolling("2", "0", 0), (0, false));
    assert_eq!(deployment(r#"{"type":"Recreate"}"#, 3).surge, 0);
}

#[test]
fn a_stateful_set_numbers_its_pods_and_claims() {
    let plan = plan(
        r#"{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db","namespace":"ns"},"spec":{"replicas":3,
            "serviceName":"db","ordinals":{"start":5},"volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{}}],
            "template":{"spec":{"volumes":[{"name":"data"},{"name":"tmp"}]}}}}"#,
    );
    assert_eq!(
        plan.pod.at(&["metadata"]).unwrap().str("name"),
        Some("db-5")
    );
    let spec = plan.pod.get("spec").unwrap();
    assert_eq!(spec.items("volumes").len(), 2);
    assert_eq!(
        (spec.str("hostname"), spec.str("subdomain")),
        (Some("db-5"), Some("db"))
    );
    assert_eq!(plan.objects[0].count, 3);
    assert_eq!(
        plan.objects[0]
            .object
            .at(&["metadata"])
            .unwrap()
            .str("name"),
        Some("data-db-5")
    );
}

#[test]
fn a_daemon_set_runs_on_every_node() {
    let plan = plan(
        r#"{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"d"},"spec":{"template":{"spec":{"hostNetwork":true}}}}"#,
    );
    assert_eq!(plan.pods, 4);
    assert_eq!(plan.pod.get("spec").unwrap().items("tolerations").len(), 7);
}

#[test]
fn a_daemon_set_binds_its_pods_and_lets_them_stay() {
    let plan = plan(
        r#"{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"d"},"spec":{"template":{"spec":{
            "affinity":{"podAffinity":{},"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{
                "nodeSelectorTerms":[{"matchExpressions":[]}]}}},
            "tolerations":[{"key":"a"},{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute",
                "tolerationSeconds":5}]}}}}"#,
    );
    let spec = plan.pod.get("spec").unwrap();
    let tolerations = spec.items("tolerations");
    assert_eq!(tolerations.len(), 7);
    assert_eq!(tolerations[1].get("tolerationSeconds"), None);
    let affinity = json::from_str(
        r#"{"podAffinity":{},"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{
            "nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["xxxxx"]}]}]}}}"#,
    );
    assert_eq!(spec.get("affinity"), Some(&affinity.unwrap()));
}

#[test]
fn a_job_with_a_selector_of_its_own_labels_nothing() {
    let labels = |spec: &str| {
        let plan = plan(&format!(
            r#"{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"j"}},"spec":{spec}}}"#
        ));
        let labels = plan.pod.at(&["metadata", "labels"]);
        labels.map_or(0, |labels| labels.as_object().unwrap().len())
    };
    assert_eq!(labels(r#"{"template":{}}"#), 4);
    assert_eq!(labels(r#"{"manualSelector":true,"template":{}}"#), 0);
}

#[test]
fn a_job_runs_no_more_pods_than_it_needs() {
    let pods = |spec: &str| {
        plan(&format!(
            r#"{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"j"}},"spec":{spec}}}"#
        ))
        .pods
    };
    assert_eq!(pods(r#"{"parallelism":5,"completions":3}"#), 3);
    assert_eq!(pods(r#"{"parallelism":5}"#), 5);
    assert_eq!(pods(r#"{"parallelism":5,"suspend":true}"#), 0);
    assert_eq!(pods("{}"), 1);
}

#[test]
fn runs_of_a_cron_job_overlap_only_if_allowed() {
    let surge = |policy: &str| {
        plan(&format!(
            r#"{{"apiVersion":"batch/v1","kind":"CronJob","metadata":{{"name":"j"}},"spec":{{"concurrencyPolicy":"{policy}",
                "jobTemplate":{{"spec":{{"parallelism":2,"template":{{}}}}}}}}}}"#
        ))
        .surge
    };
    assert_eq!(
        (surge("Allow"), surge("Forbid"), surge("Replace")),
        (2, 0, 0)
    );
}

#[test]
fn long_names_leave_room_for_the_random_end() {
    let name = "n".repeat(80);
    let plan = plan(&format!(
        r#"{{"apiVersion":"v1","kind":"ReplicationController","metadata":{{"name":"{name}"}},"spec":{{}}}}"#
    ));
    assert_eq!(
        plan.pod
            .at(&["metadata"])
            .unwrap()
            .str_or_empty("name")
            .len(),
        63
    );
}

proptest! {
    #[test]
    fn planning_any_tree_does_not_panic(object in prop_oneof![tree(), pod_like()]) {
        for workload in WORKLOADS {
            let plan = workload.plan(&object, CLUSTER);
            let mut without_copy = workload.plan_from(object.clone(), CLUSTER);
            if workload.kind == "CronJob" {
                // The Job lacks the template.
                without_copy.objects.clone_from(&plan.objects);
            }
            prop_assert_eq!(plan, without_copy);
        }
    }
}
