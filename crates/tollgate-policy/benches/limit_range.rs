//! What a LimitRange costs a pod of three containers: completing it, and holding it against the bounds.

use divan::{Bencher, black_box};
use tollgate_api::{Attributes, GroupResource, Operation, Value, json};
use tollgate_policy::limit_range::{self, LimitRange};

fn main() {
    divan::main();
}

fn tree(text: &str) -> Value {
    json::from_str(text).unwrap_or_default()
}

fn pod(resources: &str) -> Value {
    let container = |name| format!(r#"{{"name":"{name}","image":"app:1"{resources}}}"#);
    let containers = ["web", "proxy", "logs"].map(container).join(",");
    tree(&format!(
        r#"{{"metadata":{{"name":"web-0","namespace":"shop"}},"spec":{{"containers":[{containers}]}}}}"#
    ))
}

fn ranges() -> [LimitRange; 1] {
    [LimitRange::new(&tree(
        r#"{"metadata":{"name":"sizes"},"spec":{"limits":[
        {"type":"Container","default":{"cpu":"200m","memory":"128Mi"},"defaultRequest":{"cpu":"50m","memory":"64Mi"},
            "max":{"cpu":"1","memory":"1Gi"},"min":{"cpu":"10m"},"maxLimitRequestRatio":{"memory":"4"}},
        {"type":"Pod","max":{"cpu":"2","memory":"2Gi"}}]}}"#,
    ))]
}

fn request<'a>(pods: &'a GroupResource, object: Option<&'a Value>) -> Attributes<'a> {
    Attributes {
        operation: Operation::Create,
        resource: pods,
        subresource: "",
        namespace: "shop",
        name: "web-0",
        user: None,
        object,
        old_object: None,
        dry_run: false,
    }
}

#[divan::bench]
fn complete(bencher: Bencher<'_, '_>) {
    let (pods, ranges) = (GroupResource::new("", "pods"), ranges());
    let attributes = request(&pods, None);
    let bare = pod("");
    bencher
        .with_inputs(|| bare.clone())
        .bench_local_values(|mut pod| {
            limit_range::mutate(&ranges, &attributes, &mut pod);
            pod
        });
}

#[divan::bench(args = ["500m", "1500m"])]
fn admit(bencher: Bencher<'_, '_>, cpu: &str) {
    let (pods, ranges) = (GroupResource::new("", "pods"), ranges());
    let pod = pod(&format!(
        r#","resources":{{"requests":{{"cpu":"100m","memory":"128Mi"}},"limits":{{"cpu":"{cpu}","memory":"256Mi"}}}}"#
    ));
    let attributes = request(&pods, Some(&pod));
    // 1.5 CPUs three times are refused four times: by each container's bounds and by the pod's.
    let refused = limit_range::validate(&ranges, &attributes).is_err();
    assert_eq!(refused, cpu == "1500m");
    bencher.bench_local(|| limit_range::validate(&ranges, black_box(&attributes)));
}
