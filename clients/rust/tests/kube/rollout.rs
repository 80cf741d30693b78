//! A cluster of three nodes: a rolling update that a quota holds up, logs, commands, evictions.

use super::{CLUSTER, NAMESPACE, pod, pods, refusal, soon, start};
use futures::{AsyncBufReadExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Node, Pod, ResourceQuota};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{AttachParams, EvictParams, ListParams, LogParams, Patch, PatchParams, PostParams};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

/// A Deployment of three pods that updates one pod more at a time.
fn deployment(image: &str) -> Deployment {
    let container = json!({"name": "main", "image": image});
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
        },
    });
    serde_json::from_value(deployment).unwrap()
}

/// The message of a condition that is true.
fn holds(deployment: Option<&Deployment>, of_type: &str) -> Option<String> {
    let status = deployment?.status.as_ref()?;
    let mut conditions = status.conditions.iter().flatten();
    let found = conditions.find(|one| one.type_ == of_type && one.status == "True")?;
    found.message.clone()
}

async fn completed(api: &Api<Deployment>) {
    let done = await_condition(api.clone(), "web", conditions::is_deployment_completed());
    soon("the rollout", done).await.unwrap();
}

/// The images that the pods of the Deployment run.
async fn images(client: &Client) -> Vec<String> {
    let of_web = ListParams::default().labels("app=web");
    let listed = pods(client).list(&of_web).await.unwrap();
    let specs = listed.into_iter().filter_map(|pod| pod.spec);
    let containers = specs.flat_map(|spec| spec.containers);
    containers.filter_map(|one| one.image).collect()
}

#[tokio::test]
async fn a_rolling_update_waits_for_room_in_the_quota() {
    let (_server, client) = start("kube-rollout", CLUSTER).await;
    let quotas: Api<ResourceQuota> = Api::namespaced(client.clone(), NAMESPACE);
    let tight = json!({"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "3"}}});
    let tight = serde_json::from_value(tight).unwrap();
    let params = PostParams::default();
    quotas.create(&params, &tight).await.unwrap();
    let api: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    let first = deployment("registry.example/main:1");
    api.create(&params, &first).await.unwrap();
    completed(&api).await;
    let used = quotas.get("tight").await.unwrap().status.unwrap().used;
    assert_eq!(used.unwrap()["pods"].0, "3");

    let apply = PatchParams::apply("deployer").force();
    let second = deployment("registry.example/main:2");
    let second = Patch::Apply(&second);
    api.patch("web", &apply, &second).await.unwrap();
    let is_refused = |web: Option<&Deployment>| holds(web, "ReplicaFailure").is_some();
    let refused = soon(
        "the refusal",
        await_condition(api.clone(), "web", is_refused),
    );
    let refused = holds(refused.await.unwrap().as_ref(), "ReplicaFailure").unwrap();
    let why = "exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3";
    assert!(refused.ends_with(why), "{refused}");
    assert_eq!(images(&client).await, ["registry.example/main:1"; 3]);
    let events: Api<Event> = Api::namespaced(client.clone(), NAMESPACE);
    let failed = ListParams::default().fields("reason=FailedCreate,involvedObject.kind=ReplicaSet");
    let failed = events.list(&failed).await.unwrap();
    let messages: Vec<String> = failed
        .iter()
        .filter_map(|one| one.message.clone())
        .collect();
    assert!(messages[0].ends_with(why), "{messages:?}");

    let more = Patch::Merge(json!({"spec": {"hard": {"pods": "4"}}}));
    let params = PatchParams::default();
    quotas.patch("tight", &params, &more).await.unwrap();
    completed(&api).await;
    let is_at_ease = |web: Option<&Deployment>| holds(web, "ReplicaFailure").is_none();
    let at_ease = await_condition(api.clone(), "web", is_at_ease);
    soon("the end of the failure", at_ease).await.unwrap();
    let new = || async {
        let images = images(&client).await;
        images == ["registry.example/main:2"; 3]
    };
    soon("the end of the old pods", async {
        // A Deployment is complete while its last old pod still stops.
        let going = ListParams::default();
        while !new().await {
            let version = pods(&client).list(&going).await.unwrap().metadata;
            next_change(&pods(&client), &version.resource_version.unwrap()).await;
        }
    })
    .await;
}

/// Waits until a pod changes or goes.
async fn next_change(pods: &Api<Pod>, since: &str) {
    let params = kube::api::WatchParams::default().timeout(5);
    let stream = pods.watch(&params, since).await.unwrap();
    let mut stream = std::pin::pin!(stream);
    stream.try_next().await.unwrap();
}

async fn runs(api: &Api<Pod>, name: &str) {
    let running = await_condition(api.clone(), name, conditions::is_pod_running());
    soon("the pod", running).await.unwrap();
}

#[tokio::test]
async fn pods_have_logs_and_run_commands() {
    let (_server, client) = start("kube-into-pods", CLUSTER).await;
    let api = pods(&client);
    let says = ["sh", "-c", "echo one; echo two; sleep 1d"];
    let params = PostParams::default();
    api.create(&params, &pod("says", &says)).await.unwrap();
    runs(&api, "says").await;
    let log = api.logs("says", &LogParams::default()).await.unwrap();
    // The first line says that nothing runs.
    let expected: Vec<&str> = log.lines().collect();
    assert_eq!(expected[1..], ["one", "two"]);
    let tail = LogParams {
        tail_lines: Some(1),
        ..LogParams::default()
    };
    assert_eq!(api.logs("says", &tail).await.unwrap(), "two\n");
    let follow = LogParams {
        follow: true,
        ..LogParams::default()
    };
    let mut lines = api.log_stream("says", &follow).await.unwrap().lines();
    for line in expected {
        let next = soon("a line", lines.try_next()).await.unwrap();
        assert_eq!(next.as_deref(), Some(line));
    }

    let attach = AttachParams::default().stderr(false);
    let command = ["echo", "from inside"];
    let mut process = api.exec("says", command, &attach).await.unwrap();
    let status = process.take_status().unwrap();
    let mut output = String::new();
    let mut stdout = process.stdout().unwrap();
    soon("the output", stdout.read_to_string(&mut output))
        .await
        .unwrap();
    assert_eq!(output, "from inside\n");
    let status = soon("the end of the command", status).await.unwrap();
    assert_eq!(status.status.as_deref(), Some("Success"));
    process.join().await.unwrap();

    let attach = AttachParams::default().stderr(false);
    let mut process = api.exec("says", ["false"], &attach).await.unwrap();
    let status = process.take_status().unwrap();
    let status = soon("the end of the command", status).await.unwrap();
    assert_eq!(status.reason.as_deref(), Some("NonZeroExitCode"));
}

#[tokio::test]
async fn an_eviction_waits_for_the_disruption_budget() {
    let (_server, client) = start("kube-eviction", CLUSTER).await;
    let api = pods(&client);
    let params = PostParams::default();
    for name in ["a", "b"] {
        let sleeping = pod(name, &["sleep", "1d"]);
        api.create(&params, &sleeping).await.unwrap();
        runs(&api, name).await;
    }
    let budgets: Api<PodDisruptionBudget> = Api::namespaced(client.clone(), NAMESPACE);
    let budget = json!({
        "metadata": {"name": "one"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    });
    let budget = serde_json::from_value(budget).unwrap();
    budgets.create(&params, &budget).await.unwrap();
    let allows_one = |budget: Option<&PodDisruptionBudget>| {
        let status = budget.and_then(|budget| budget.status.as_ref());
        status.is_some_and(|status| status.disruptions_allowed == Some(1))
    };
    let allowed = await_condition(budgets, "one", allows_one);
    soon("the budget", allowed).await.unwrap();

    let evict = EvictParams::default();
    let uid = api.get("a").await.unwrap().uid().unwrap();
    assert!(api.evict("a", &evict).await.unwrap().is_success());
    let refused = refusal(api.evict("b", &evict).await);
    assert_eq!(refused.code, 429, "{refused:?}");
    let why = "Cannot evict pod as it would violate the pod's disruption budget.";
    assert_eq!(refused.message, why);
    let gone = await_condition(api, "a", conditions::is_deleted(&uid));
    soon("the end of the pod", gone).await.unwrap();

    let nodes: Api<Node> = Api::all(client);
    let name = nodes.list(&ListParams::default()).await.unwrap().items[0].name_any();
    let cordoned = nodes.cordon(&name).await.unwrap();
    assert_eq!(cordoned.spec.unwrap().unschedulable, Some(true));
}
