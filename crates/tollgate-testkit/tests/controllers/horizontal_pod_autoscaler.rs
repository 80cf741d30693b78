//! Autoscalers keep their bounds, and say why they cannot do more.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::{GroupVersionResource, Target, Verb};
use tollgate_api::{Release, Value};
use tollgate_controllers::horizontal_pod_autoscaler::HorizontalPodAutoscalers;
use tollgate_controllers::node::{Kubelets, SimulatedUsage, config};
use tollgate_controllers::resources::{
    DEPLOYMENTS, EVENTS, HORIZONTAL_POD_AUTOSCALERS, NODES, PODS, SERVICE_ACCOUNTS,
};
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

/// Whether an event says so.
fn told(cluster: &Cluster, reason: &str, message: &str) -> bool {
    let events = cluster.list(&EVENTS, "default");
    events
        .iter()
        .any(|event| event.str("reason") == Some(reason) && event.str("message") == Some(message))
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
        assert!(told(&cluster, "SuccessfulRescale", &message));
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
    let why = "failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)";
    assert!(told(&cluster, "FailedGetResourceMetric", why));
    let whole = format!(
        "invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {why}"
    );
    assert!(told(&cluster, "FailedComputeMetricsReplicas", &whole));
    let scaler = get(&cluster, &HORIZONTAL_POD_AUTOSCALERS);
    let shown = scaler.get("status").unwrap().items("currentMetrics");
    assert_eq!(shown, [Value::from_iter([("type", "")])]);
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

static METRICS: GroupVersionResource =
    GroupVersionResource::new("metrics.k8s.io", "v1beta1", "pods");

/// A cluster with a node whose pods are measured. Nobody makes pods of a Deployment here: they are made by hand.
fn measured(behavior: &str) -> Cluster {
    let plans = config::equal_nodes(1, config::parse_capacity("").unwrap()).unwrap();
    let kubelets = Arc::new(Kubelets::new(plans, Release::default()));
    let same = Arc::clone(&kubelets);
    let mut cluster = Cluster::measured(
        1,
        Arc::new(SimulatedUsage::new(kubelets)),
        Box::new(move || {
            vec![
                Arc::new(HorizontalPodAutoscalers::default()) as _,
                Arc::clone(&same) as _,
            ]
        }),
    );
    let account = r#"{"metadata":{"name":"default"}}"#;
    cluster
        .create(&SERVICE_ACCOUNTS, "default", account)
        .unwrap();
    cluster.settle();
    let deployment = r#"{"metadata":{"name":"web"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}"#;
    cluster.create(&DEPLOYMENTS, "default", deployment).unwrap();
    // The scale of a Deployment names its selector in its status.
    for name in ["web-0", "web-1"] {
        pod(&cluster, name);
    }
    cluster.advance(Duration::from_mins(2));
    let scaler = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"minReplicas":1,"maxReplicas":20,"scaleTargetRef":{{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}},{behavior}
        "metrics":[{{"type":"Resource","resource":{{"name":"cpu","target":{{"type":"Utilization","averageUtilization":50}}}}}},
        {{"type":"ContainerResource","containerResource":{{"name":"memory","container":"c","target":{{"type":"AverageValue","averageValue":"1Gi"}}}}}}]}}}}"#
    );
    cluster
        .create(&HORIZONTAL_POD_AUTOSCALERS, "default", &scaler)
        .unwrap();
    cluster
}

fn pod(cluster: &Cluster, name: &str) {
    let pod = format!(
        r#"{{"metadata":{{"name":"{name}","labels":{{"app":"web"}},"annotations":{{"tollgate.dev/cpu-usage":"900m","tollgate.dev/memory-usage":"64Mi"}}}},
        "spec":{{"nodeName":"node-0","containers":[{{"name":"c","image":"i","resources":{{"requests":{{"cpu":"1"}}}}}}]}}}}"#
    );
    cluster.create(&PODS, "default", &pod).unwrap();
}

#[test]
fn pods_that_use_much_become_more_and_less_again_when_they_use_little() {
    let mut cluster = measured("");
    cluster.settle();
    // Nine tenths of what is requested where half is aimed at: 2 * 90 / 50, rounded up.
    assert_eq!(replicas(&cluster), Some(4));
    let message =
        "New size: 4; reason: cpu resource utilization (percentage of request) above target";
    assert!(told(&cluster, "SuccessfulRescale", message));
    let known = conditions(&cluster);
    assert_eq!(
        known,
        [
            "AbleToScale=True SucceededRescale: the HPA controller was able to update the target scale to 4",
            "ScalingActive=True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
            "ScalingLimited=False DesiredWithinRange: the desired count is within the acceptable range"
        ]
    );
    let scaler = get(&cluster, &HORIZONTAL_POD_AUTOSCALERS);
    let status = scaler.get("status").unwrap();
    assert_eq!(
        Value::from(status.items("currentMetrics").to_vec()).to_string(),
        r#"[{"type":"Resource","resource":{"name":"cpu","current":{"averageValue":"900m","averageUtilization":90}}},{"type":"ContainerResource","containerResource":{"name":"memory","current":{"averageValue":"67108864"},"container":"c"}}]"#
    );
    for name in ["web-2", "web-3"] {
        pod(&cluster, name);
    }
    cluster.settle();
    for number in 0..4 {
        let name = format!("web-{number}");
        let target = Target::object(&PODS, "default", &name);
        let idle = r#"{"metadata":{"annotations":{"tollgate.dev/cpu-usage":"100m"}}}"#;
        cluster.patch(target, idle).unwrap();
    }
    cluster.advance(Duration::from_secs(90));
    assert_eq!(replicas(&cluster), Some(4));
    assert_eq!(
        conditions(&cluster)[0],
        "AbleToScale=True ScaleDownStabilized: recent recommendations were higher than current one, applying the highest recent recommendation"
    );
    cluster.advance(Duration::from_mins(5));
    assert_eq!(replicas(&cluster), Some(1));
    assert!(told(
        &cluster,
        "SuccessfulRescale",
        "New size: 1; reason: All metrics below target"
    ));
}

#[test]
fn a_behavior_sets_the_pace() {
    let behavior = r#""behavior":{"scaleUp":{"policies":[{"type":"Pods","value":1,"periodSeconds":60}]},"scaleDown":{"stabilizationWindowSeconds":0}},"#;
    let mut cluster = measured(behavior);
    cluster.settle();
    assert_eq!(replicas(&cluster), Some(3));
    assert_eq!(
        conditions(&cluster)[2],
        "ScalingLimited=True ScaleUpLimit: the desired replica count is increasing faster than the maximum scale rate"
    );
}

#[test]
fn only_what_runs_on_a_node_that_is_up_is_measured() {
    let mut cluster = measured("");
    let shown = |cluster: &Cluster| -> Vec<String> {
        let listed = cluster.list(&METRICS, "");
        let names = listed.iter().map(|one| one.at(&["metadata", "name"]));
        names
            .map(|name| name.and_then(Value::as_str).unwrap().to_owned())
            .collect()
    };
    assert_eq!(shown(&cluster), ["web-0", "web-1"]);
    let one = cluster.get(&METRICS, "default", "web-0").unwrap();
    assert_eq!(one.at(&["metadata", "resourceVersion"]), None);
    assert_eq!(
        Value::from(one.items("containers").to_vec()).to_string(),
        r#"[{"name":"c","usage":{"cpu":"900m","memory":"64Mi"}}]"#
    );
    let node = Target::object(&NODES, "", "node-0");
    let down = r#"{"metadata":{"annotations":{"tollgate.dev/down":"true"}}}"#;
    cluster.patch(node, down).unwrap();
    cluster.settle();
    assert_eq!(shown(&cluster), Vec::<String>::new());
    let pod = Target::object(&METRICS, "default", "web-0");
    let status = cluster.call(pod, Verb::Get).unwrap_err();
    assert_eq!(
        status.message,
        "podmetrics.metrics.k8s.io \"default/web-0\" not found"
    );
}
