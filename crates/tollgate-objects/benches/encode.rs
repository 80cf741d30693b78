//! What writing and reading one pod costs.
//!
//! The pod is as a server stores it, 2 KB of JSON with two containers. `json` writes it from a tree in the declared order,
//! `json_from_any_order` from one whose keys are sorted, `record` as a store keeps it; `protobuf` and `from_protobuf` are the
//! other form both ways, `plain` is the writer that knows no type; `decode` holds the pod against its type, and
//! `decode_canonical` settles amounts and times, too.

use divan::{AllocProfiler, Bencher, black_box};
use tollgate_api::{GroupVersionKind, Object, Value, json};
use tollgate_objects::{encode, protobuf, schema};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn kind() -> GroupVersionKind {
    GroupVersionKind::new("v1", "Pod")
}

fn pod() -> Value {
    let container = |name: &str| {
        format!(
            r#"{{"name":"{name}","image":"registry.example/{name}:1.2.3","ports":[{{"containerPort":8080,"protocol":"TCP"}}],
            "env":[{{"name":"MODE","value":"production"}}],
            "resources":{{"limits":{{"cpu":"500m","memory":"256Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},
            "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
            "imagePullPolicy":"IfNotPresent","securityContext":{{"capabilities":{{"drop":["ALL"]}},
            "runAsNonRoot":true,"allowPrivilegeEscalation":false}}}}"#
        )
    };
    let containers = ["web", "proxy"].map(container).join(",");
    let text = format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"web-0","namespace":"shop",
        "uid":"0b0f6f2e-6f7b-4f1f-9b8e-0123456789ab","resourceVersion":"4711","generation":1,
        "creationTimestamp":"2026-11-20T10:11:12Z","labels":{{"app":"web","tier":"front"}}}},
        "spec":{{"containers":[{containers}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,
        "dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default",
        "securityContext":{{"runAsNonRoot":true,"seccompProfile":{{"type":"RuntimeDefault"}}}},
        "schedulerName":"default-scheduler","tolerations":[
        {{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},
        {{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}],
        "priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"}},
        "status":{{"phase":"Pending","qosClass":"Burstable"}}}}"#
    );
    json::from_str(&text).unwrap_or_default()
}

fn sort(value: &mut Value) {
    match value {
        Value::Array(items) => {
            for item in items {
                sort(item);
            }
        }
        Value::Object(object) => {
            object.sort_by_key();
            for (_, member) in object.iter_mut() {
                sort(member);
            }
        }
        _ => {}
    }
}

fn write(bencher: Bencher<'_, '_>, pod: &Value) {
    let mut out = Vec::with_capacity(8_192);
    bencher.bench_local(|| {
        out.clear();
        encode::json(&kind(), black_box(pod), &mut out);
        out.len()
    });
}

#[divan::bench]
fn json_in_declared_order(bencher: Bencher<'_, '_>) {
    write(bencher, &pod());
}

#[divan::bench]
fn json_from_any_order(bencher: Bencher<'_, '_>) {
    let mut pod = pod();
    sort(&mut pod);
    write(bencher, &pod);
}

#[divan::bench]
fn record(bencher: Bencher<'_, '_>) {
    let pod = pod();
    let mut out = Vec::with_capacity(8_192);
    bencher.bench_local(|| {
        out.clear();
        encode::record(&kind(), black_box(&pod), &mut out);
        out.len()
    });
}

#[divan::bench]
fn plain(bencher: Bencher<'_, '_>) {
    let pod = pod();
    bencher.bench_local(|| json::to_string(black_box(&pod)).len());
}

#[divan::bench]
fn protobuf(bencher: Bencher<'_, '_>) {
    let pod = pod();
    bencher.bench_local(|| protobuf::encode(&kind(), black_box(&pod)));
}

#[divan::bench]
fn from_protobuf(bencher: Bencher<'_, '_>) {
    let bytes = protobuf::encode(&kind(), &pod()).unwrap_or_default();
    bencher.bench_local(|| {
        let read = protobuf::decode(black_box(&bytes));
        read.map_or(0, |(_, object)| object.as_object().map_or(0, Object::len))
    });
}

fn read(bencher: Bencher<'_, '_>, decode: impl Fn(&GroupVersionKind, &mut Value) -> usize + Sync) {
    let pod = pod();
    bencher
        .with_inputs(|| pod.clone())
        .bench_local_refs(|pod| decode(&kind(), black_box(pod)));
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    read(bencher, |kind, pod| schema::decode(kind, pod).len());
}

#[divan::bench]
fn decode_canonical(bencher: Bencher<'_, '_>) {
    read(bencher, |kind, pod| {
        schema::decode_canonical(kind, pod).len()
    });
}
