//! What a decision of the scheduler costs, in a cluster of a thousand nodes with a hundred thousand pods.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up is to fail"
)]

use divan::Bencher;
use std::sync::Arc;
use tollgate_api::{Release, Timestamp, json};
use tollgate_controllers::scheduler::cluster::Cluster;
use tollgate_controllers::scheduler::decide::{Context, Decision, decide};
use tollgate_controllers::scheduler::node::NodeFacts;
use tollgate_controllers::scheduler::pod::PodInfo;

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

const NODES: usize = 1_000;
const PODS: usize = 100_000;
const TEMPLATES: usize = 500;

fn main() {
    divan::main();
}

/// A pod of one of many templates; `more` are further fields of its spec.
fn pod(number: usize, template: usize, more: &str) -> PodInfo {
    let text = format!(
        r#"{{"metadata":{{"namespace":"ns{}","name":"pod-{number}","uid":"{number}",
        "labels":{{"app":"app-{template}","pod-template-hash":"{template}"}}}},
        "spec":{{"containers":[{{"image":"app:{template}","resources":{{"requests":{{"cpu":"10m","memory":"16Mi"}}}}}}],
        "tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute"}}]{more}}}}}"#,
        template % 20
    );
    PodInfo::read(&json::from_str(&text).expect("a pod in JSON"))
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::default();
    for number in 0..NODES {
        let text = format!(
            r#"{{"metadata":{{"labels":{{"kubernetes.io/hostname":"node-{number}","topology.kubernetes.io/zone":"z{}"}}}},
            "status":{{"allocatable":{{"cpu":"32","memory":"64Gi","pods":"250"}}}}}}"#,
            number % 3
        );
        let node = json::from_str(&text).expect("a node in JSON");
        cluster.set_node(&format!("node-{number}"), NodeFacts::read(&node));
    }
    for number in 0..PODS {
        let mut pod = pod(number, number % TEMPLATES, "");
        pod.node_name = format!("node-{}", number % NODES).into();
        let pod = cluster.share(pod);
        cluster.place(&pod);
    }
    cluster
}

/// Decides about a new pod and puts it where it was decided, as for a workload that grows; it leaves again, so that the
/// cluster stays as it is.
fn decide_and_place(bencher: Bencher<'_, '_>, more: &str) {
    let mut cluster = cluster();
    let mut number = PODS;
    bencher.bench_local(|| {
        number += 1;
        let pod = cluster.share(pod(number, number % TEMPLATES, more));
        let context = Context {
            release: Release::default(),
            random: u64::try_from(number).unwrap_or_default(),
            now: Timestamp::default(),
        };
        let Decision::Assign { node, .. } = decide(&mut cluster, &pod, context) else {
            return;
        };
        let mut placed = (*pod).clone();
        placed.node_name = node;
        let placed = Arc::new(placed);
        cluster.place(&placed);
        cluster.remove_pod(&(placed.namespace.clone(), placed.name.clone()));
    });
}

#[divan::bench]
fn plain_pod(bencher: Bencher<'_, '_>) {
    decide_and_place(bencher, "");
}

#[divan::bench]
fn pod_that_is_spread_over_zones(bencher: Bencher<'_, '_>) {
    decide_and_place(
        bencher,
        r#","topologySpreadConstraints":[{"maxSkew":5,"topologyKey":"topology.kubernetes.io/zone",
        "whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"app-1"}}}]"#,
    );
}

#[divan::bench]
fn pod_that_stands_alone(bencher: Bencher<'_, '_>) {
    decide_and_place(
        bencher,
        r#","affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
        {"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"nobody"}}}]}}"#,
    );
}

#[divan::bench]
fn pod_that_fits_nowhere(bencher: Bencher<'_, '_>) {
    let mut cluster = cluster();
    let more = r#","nodeSelector":{"disk":"ssd"}"#;
    let pod = cluster.share(pod(PODS, 1, more));
    let context = Context {
        release: Release::default(),
        random: 1,
        now: Timestamp::default(),
    };
    bencher.bench_local(|| decide(&mut cluster, &pod, context));
}
