//! What admitting one pod under two quotas costs.
//!
//! The pod is decoded and has three containers with requests and limits. `usage` is what it costs to add them up,
//! `admit` the whole decision with its charges, `charge` what every further equal pod costs.

use divan::{AllocProfiler, Bencher, black_box};
use tollgate_api::{Attributes, GroupResource, Operation, Timestamp, Value, json};
use tollgate_policy::resource_quota::{Context, Quota, Quotas, Usage, admit, demand};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn tree(text: &str) -> Value {
    json::from_str(text).unwrap_or_default()
}

fn pod() -> Value {
    let container = |name: &str| {
        format!(
            r#"{{"name": "{name}", "image": "registry.example/{name}:1.2.3",
            "resources": {{"requests": {{"cpu": "100m", "memory": "128Mi"}},
                "limits": {{"cpu": "500m", "memory": "256Mi"}}}},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent"}}"#
        )
    };
    let containers = ["web", "proxy", "logs"].map(container).join(",");
    tree(&format!(
        r#"{{"metadata": {{"name": "web-0", "namespace": "shop"}},
        "spec": {{"containers": [{containers}], "restartPolicy": "Always", "dnsPolicy": "ClusterFirst"}}}}"#
    ))
}

fn quotas(hard: &str) -> Quotas {
    let quota = |name: &str, spec: &str, keys: &[&str]| {
        let list = |amount: &str| {
            let entries = keys.iter().map(|key| format!(r#""{key}": "{amount}""#));
            entries.collect::<Vec<_>>().join(",")
        };
        Quota::stored(&tree(&format!(
            r#"{{"metadata": {{"name": "{name}", "namespace": "shop"}}, "spec": {{{spec}}},
            "status": {{"hard": {{{}}}, "used": {{{}}}}}}}"#,
            list(hard),
            list("1")
        )))
    };
    let keys = [
        "requests.cpu",
        "requests.memory",
        "limits.cpu",
        "limits.memory",
        "pods",
    ];
    Quotas::new([
        quota("compute", "", &keys),
        quota(
            "running",
            r#""scopes": ["NotTerminating"]"#,
            &["pods", "count/pods"],
        ),
    ])
}

fn context() -> Context<'static> {
    Context::at(Timestamp::default())
}

fn request<'a>(resource: &'a GroupResource, pod: &'a Value) -> Attributes<'a> {
    Attributes {
        operation: Operation::Create,
        resource,
        subresource: "",
        namespace: "shop",
        name: "web-0",
        user: None,
        object: Some(pod),
        old_object: None,
        dry_run: false,
    }
}

#[divan::bench]
fn usage(bencher: Bencher<'_, '_>) {
    let (pods, pod, context) = (GroupResource::new("", "pods"), pod(), context());
    bencher.bench_local(|| -> Usage {
        tollgate_policy::resource_quota::usage(&pods, black_box(&pod), &context)
    });
}

#[divan::bench(args = ["100T", "2"])]
fn admit_pod(bencher: Bencher<'_, '_>, hard: &str) {
    let (pods, pod, context, quotas) = (
        GroupResource::new("", "pods"),
        pod(),
        context(),
        quotas(hard),
    );
    let request = request(&pods, &pod);
    bencher.bench_local(|| admit(black_box(&request), &quotas, &[], &context).is_ok());
}

#[divan::bench]
fn charge(bencher: Bencher<'_, '_>) {
    let (pods, pod, context, quotas) = (
        GroupResource::new("", "pods"),
        pod(),
        context(),
        quotas("100T"),
    );
    let Ok(demand) = demand(&request(&pods, &pod), &quotas, &[], &context) else {
        return;
    };
    bencher.bench_local(|| black_box(&demand).charge(&quotas).is_ok());
}
