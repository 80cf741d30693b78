//! What judging one pod by the Pod Security Standards costs.
//!
//! The pod is decoded: an object tree of three containers with what a server's defaulting adds. `view` is what it costs
//! to look at that tree once, `evaluate` what one level and version cost from then on, `whole` both.

use divan::{AllocProfiler, Bencher, black_box};
use tollgate_api::{Release, Value, json};
use tollgate_policy::pod_security::{Evaluator, Level, LevelVersion, PodView, Version};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const RESTRICTED: LevelVersion = LevelVersion::new(Level::Restricted, Version::Latest);

fn main() {
    divan::main();
}

/// A pod with three containers; `secure` decides whether it is allowed or as most pods are.
fn pod(secure: bool) -> Value {
    let container_context = r#""securityContext": {"allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true, "runAsUser": 1000},"#;
    let container = |name: &str| {
        format!(
            r#"{{"name": "{name}", "image": "registry.example/{name}:1.2.3",
            "ports": [{{"name": "http", "containerPort": 8080, "protocol": "TCP"}}],
            "env": [{{"name": "MODE", "value": "production"}}],
            "resources": {{"requests": {{"cpu": "100m", "memory": "128Mi"}}}},
            "volumeMounts": [{{"name": "data", "mountPath": "/data"}}],
            "readinessProbe": {{"httpGet": {{"path": "/ready", "port": 8080, "scheme": "HTTP"}},
                "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}},
            {}
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent"}}"#,
            if secure { container_context } else { "" }
        )
    };
    let pod_context = r#"{"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}"#;
    json::from_str(&format!(
        r#"{{"apiVersion": "v1", "kind": "Pod",
        "metadata": {{"name": "web-0", "namespace": "shop", "labels": {{"app": "web"}},
            "annotations": {{"example.com/revision": "7"}}}},
        "spec": {{
            "volumes": [{{"name": "data", "emptyDir": {{}}}}, {{"name": "config", "configMap": {{"name": "web"}}}}],
            "initContainers": [{}], "containers": [{}, {}],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "web", "securityContext": {}, "schedulerName": "default-scheduler",
            "enableServiceLinks": true}}}}"#,
        container("migrate"),
        container("web"),
        container("proxy"),
        if secure { pod_context } else { "{}" }
    ))
    .unwrap_or_default()
}

#[divan::bench]
fn view(bencher: Bencher<'_, '_>) {
    let pod = pod(true);
    bencher.bench_local(|| PodView::new(black_box(&pod)).shows(black_box_all()));
}

#[divan::bench]
fn evaluate_allowed(bencher: Bencher<'_, '_>) {
    let (evaluator, pod) = (Evaluator::new(Release::NEWEST), pod(true));
    let view = PodView::new(&pod);
    bencher.bench_local(|| evaluator.evaluate(black_box(&view), black_box(RESTRICTED)));
}

#[divan::bench]
fn evaluate_denied_with_message(bencher: Bencher<'_, '_>) {
    let (evaluator, pod) = (Evaluator::new(Release::NEWEST), pod(false));
    let view = PodView::new(&pod);
    bencher.bench_local(|| {
        evaluator
            .evaluate(black_box(&view), black_box(RESTRICTED))
            .detail()
    });
}

#[divan::bench]
fn whole_allowed(bencher: Bencher<'_, '_>) {
    let (evaluator, pod) = (Evaluator::new(Release::NEWEST), pod(true));
    bencher
        .bench_local(|| evaluator.evaluate(&PodView::new(black_box(&pod)), black_box(RESTRICTED)));
}

#[divan::bench]
fn whole_denied_with_message(bencher: Bencher<'_, '_>) {
    let (evaluator, pod) = (Evaluator::new(Release::NEWEST), pod(false));
    bencher.bench_local(|| {
        let view = PodView::new(black_box(&pod));
        evaluator.evaluate(&view, black_box(RESTRICTED)).detail()
    });
}

/// Any signal, unknown to the compiler.
fn black_box_all() -> tollgate_policy::pod_security::Signals {
    black_box(tollgate_policy::pod_security::Signals::PRIVILEGED)
}
