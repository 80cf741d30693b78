//! Autoscalers keep their bounds, and say why they cannot do more.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::GroupVersionResource;
use tollgate_controllers::horizontal_pod_autoscaler::HorizontalPodAutoscalers;
use tollgate_controllers::resources::{DEPLOYMENTS, EVENTS, HORIZONTAL_POD_AUTOSCALERS};
use tollgate_testkit::cluster::Cluster;

fn cluster(replicas: i64) -> Cluster {
    let cluster = Cluster::new(
        1,
        Box::new(|| vec![Arc::new(HorizontalPodAutoscalers::default())]),
    );
    let deployment = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"web"}}}},"template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"c","image":"i"}}]}}}}}}}}"#
    );
    cluster
        .create(&DEPLOYMENTS, "default", &deployment)
        .unwrap();
    let scaler = r#"{"metadata":{"name":"web"},"spec":{"minReplicas":2,"maxReplicas":5,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},
        "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]}}"#;
    cluster
        .create(&HORIZONTAL_POD_AUTOSCALERS, "default", scaler)
        .unwrap();
    cluster
}

fn get(cluster: &Cluster, resource: &GroupVersionResource) -> Value {
    cluster.get(resource, "default", "web").unwrap()
}

fn replicas(cluster: &Cluster) -> Option<i64> {
    get(cluster, &DEPLOYMENTS)
        .get("spec")
        .unwrap()
        .int("replicas")
}

fn conditions(cluster: &Cluster) -> Vec<String> {
    let scaler = get(cluster, &HORIZONTAL_POD_AUTOSCALERS);
    let conditions = scaler.get("status").unwrap().items("conditions").iter();
    let told = conditions.map(|condition| {
        format!(
            "{}={} {}: {}",
            condition.str_or_empty("type"),
            condition.str_or_empty("status"),
            condition.str_or_empty("reason"),
            condition.str_or_empty("message")
        )
    });
    told.collect()
}

#[test]
fn a_target_outside_the_bounds_is_brought_back() {
    for (before, after, side) in [
        (9, 5, "above Spec.MaxReplicas"),
        (1, 2, "below Spec.MinReplicas"),
    ] {
        let mut cluster = cluster(before);
        cluster.settle();
        assert_eq!(replicas(&cluster), Some(after));
        let message = format!("New size: {after}; reason: Current number of replicas {side}");
        let events = cluster.list(&EVENTS, "default");
        let told = events.iter().any(|event| {
            event.str("reason") == Some("SuccessfulRescale")
                && event.str("message") == Some(&message)
        });
        assert!(told, "{events:?}");
        assert_eq!(
            conditions(&cluster),
            [format!(
                "AbleToScale=True SucceededRescale: the HPA controller was able to update the target scale to {after}"
            )]
        );
    }
}

#[test]
fn without_a_metrics_server_nothing_changes_and_people_are_told() {
    let mut cluster = cluster(3);
    cluster.advance(Duration::from_secs(40));
    assert_eq!(replicas(&cluster), Some(3));
    assert_eq!(
        conditions(&cluster),
        [
            "AbleToScale=True SucceededGetScale: the HPA controller was able to get the target's current scale",
            "ScalingActive=False FailedGetResourceMetric: the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
        ]
    );
}

#[test]
fn a_target_without_replicas_is_left_alone() {
    let mut cluster = cluster(0);
    cluster.settle();
    assert_eq!(replicas(&cluster), Some(0));
    assert!(
        conditions(&cluster)[1]
            .starts_with("ScalingActive=False ScalingDisabled: scaling is disabled")
    );
}
