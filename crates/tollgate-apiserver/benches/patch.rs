//! What a patch and its managed fields cost on a pod of 2 KB.
#![expect(clippy::unwrap_used, reason = "a benchmark of fixed input")]

use divan::{Bencher, black_box};
use tollgate_api::{GroupVersionKind, Timestamp, Value, json};
use tollgate_apiserver::patch::managed_fields::{NoOtherVersions, Request, Resets, apply, updated};
use tollgate_apiserver::patch::{self, Schema};
use tollgate_objects::schema::{StructType, type_of};

fn main() {
    divan::main();
}

fn kind() -> GroupVersionKind {
    GroupVersionKind::new("v1", "Pod")
}

fn of() -> StructType {
    type_of(&kind()).unwrap()
}

fn pod() -> Value {
    let container = |name: &str| {
        json::from_str(&format!(
            r#"{{"name":"{name}","image":"registry.example/{name}:1.2.3","env":[{{"name":"A","value":"1"}},{{"name":"B","value":"2"}}],
            "ports":[{{"containerPort":80,"protocol":"TCP","name":"web"}}],"resources":{{"requests":{{"cpu":"100m","memory":"128Mi"}}}},
            "securityContext":{{"allowPrivilegeEscalation":false,"capabilities":{{"drop":["ALL"]}}}},"terminationMessagePath":"/dev/termination-log",
            "terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","volumeMounts":[{{"name":"v","mountPath":"/v"}}]}}"#
        ))
        .unwrap()
    };
    let mut pod = json::from_str(
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0","namespace":"shop","labels":{"app":"web"}},
        "spec":{"volumes":[{"name":"v","emptyDir":{}}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst",
        "serviceAccountName":"default","serviceAccount":"default","securityContext":{},"schedulerName":"default-scheduler","priority":0,
        "tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],
        "enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},"status":{"phase":"Pending","qosClass":"Burstable"}}"#,
    )
    .unwrap();
    pod.child_mut("spec")
        .set("containers", vec![container("app"), container("side")]);
    pod
}

fn with_request(manager: &str, run: impl FnOnce(&Request<'_>)) {
    let kind = kind();
    run(&Request {
        kind: &kind,
        schema: Schema::BuiltIn(of()),
        manager,
        subresource: "",
        resets: Resets::of(&kind, "", true),
        now: Timestamp::from_unix_seconds(1),
        versions: &NoOtherVersions,
    });
}

#[divan::bench]
fn json_patch(bencher: Bencher<'_, '_>) {
    let patch =
        json::from_str(r#"[{"op":"replace","path":"/spec/containers/0/image","value":"x"}]"#)
            .unwrap();
    bencher
        .with_inputs(pod)
        .bench_refs(|pod| patch::json::apply(pod, black_box(&patch)));
}

#[divan::bench]
fn merge_patch(bencher: Bencher<'_, '_>) {
    let patch = json::from_str(r#"{"metadata":{"labels":{"q":"x"}}}"#).unwrap();
    bencher
        .with_inputs(pod)
        .bench_refs(|pod| patch::merge::apply(pod, black_box(&patch)));
}

#[divan::bench]
fn strategic_merge_patch(bencher: Bencher<'_, '_>) {
    let patch = json::from_str(
        r#"{"spec":{"$setElementOrder/containers":[{"name":"app"},{"name":"side"}],"containers":[{"name":"app","image":"x"}]}}"#,
    )
    .unwrap();
    let of = of();
    bencher
        .with_inputs(pod)
        .bench_refs(|pod| patch::strategic::apply(pod, black_box(&patch), of));
}

#[divan::bench]
fn managed_fields_of_a_creation(bencher: Bencher<'_, '_>) {
    with_request("kubectl", |request| {
        bencher
            .with_inputs(pod)
            .bench_refs(|pod| updated(None, pod, request));
    });
}

#[divan::bench]
fn managed_fields_of_an_update(bencher: Bencher<'_, '_>) {
    let mut live = pod();
    with_request("kubectl", |request| updated(None, &mut live, request));
    with_request("other", |request| {
        let changed = || {
            let mut pod = live.clone();
            pod.child_mut("metadata").child_mut("labels").set("q", "x");
            pod
        };
        bencher
            .with_inputs(changed)
            .bench_refs(|pod| updated(Some(&live), pod, request));
    });
}

#[divan::bench]
fn server_side_apply(bencher: Bencher<'_, '_>) {
    let mut live = pod();
    with_request("kubectl", |request| updated(None, &mut live, request));
    let applied = pod();
    with_request("other", |request| {
        bencher.bench(|| apply(Some(&live), black_box(&applied), true, request));
    });
}
