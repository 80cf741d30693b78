//! `metrics.k8s.io` over HTTP: where nodes are simulated, and only there.

use super::running::Running;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tollgate_testkit::client::Request;

const GROUP: &str = "/apis/metrics.k8s.io/v1beta1";

fn names(of: &Value) -> Vec<&str> {
    let groups = of["groups"].as_array().unwrap().iter();
    groups
        .map(|group| group["name"].as_str().unwrap())
        .collect()
}

/// Waits until there are so many items at a path.
#[expect(
    clippy::disallowed_methods,
    reason = "a server that never gets there must not hold the tests up"
)]
fn items(server: &Running, path: &str, count: usize) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let answer = server.send(&Request::new("GET", path));
        if answer.status == 200 {
            let found = answer.json()["items"].as_array().unwrap().clone();
            if found.len() == count {
                return found;
            }
        }
        assert!(Instant::now() < deadline, "{path}: {}", answer.text());
        std::thread::yield_now();
    }
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one server is asked from its first start to its second"
)]
fn a_server_with_nodes_tells_what_is_used_and_one_without_has_no_such_group() {
    let mut server = Running::start("metrics", &["--nodes=2", "--controllers=*"]);
    assert_eq!(names(&server.get("/apis")).last(), Some(&"metrics.k8s.io"));
    let listed = &server.get(GROUP)["resources"];
    assert_eq!(
        *listed,
        json!([
            {"name": "nodes", "singularName": "", "namespaced": false, "kind": "NodeMetrics", "verbs": ["get", "list"]},
            {"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": ["get", "list"]}
        ])
    );
    let nodes = items(&server, &format!("{GROUP}/nodes"), 2);
    // A hundredth of 16 CPUs and 64Gi, and nothing runs.
    assert_eq!(
        nodes[0]["usage"],
        json!({"cpu": "160m", "memory": "671088Ki"})
    );
    let pod = json!({"metadata": {"name": "p", "labels": {"a": "b"}, "annotations": {
            "tollgate.dev/cpu-usage": "100m", "tollgate.dev/memory-usage": "c=1Mi,d=2Mi"}},
        "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "i"}]}});
    items(&server, "/api/v1/namespaces/default/serviceaccounts", 1);
    server.create("/api/v1/namespaces/default/pods", &pod);
    let pods = format!("{GROUP}/namespaces/default/pods");
    let shown = items(&server, &format!("{pods}?labelSelector=a%3Db"), 1);
    let time = &shown[0]["timestamp"];
    assert_eq!(
        shown[0],
        json!({"metadata": {"name": "p", "namespace": "default", "creationTimestamp": time, "labels": {"a": "b"}},
            "timestamp": time, "window": "30s", "containers": [
                {"name": "c", "usage": {"cpu": "100m", "memory": "1Mi"}},
                {"name": "d", "usage": {"cpu": "100m", "memory": "2Mi"}}]})
    );
    assert_eq!(server.get(&pods)["metadata"], json!({}));
    items(
        &server,
        &format!("{pods}?fieldSelector=metadata.name%3Dq"),
        0,
    );
    let node = server.get(&format!("{GROUP}/nodes/node-1"));
    assert_eq!(node["usage"], json!({"cpu": "360m", "memory": "674160Ki"}));

    let table = Request::new("GET", &pods).header(
        "accept",
        "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    );
    let table = server.send(&table).json();
    let columns = table["columnDefinitions"].as_array().unwrap().iter();
    let columns: Vec<&Value> = columns.map(|column| &column["name"]).collect();
    assert_eq!(columns, ["Name", "cpu", "memory", "Window"]);
    assert_eq!(
        table["rows"][0]["cells"],
        json!(["p", "200m", "3Mi", "30s"])
    );

    let service = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io";
    assert_eq!(server.get(service)["spec"]["groupPriorityMinimum"], 100);
    let paths = server.get("/openapi/v3/apis/metrics.k8s.io/v1beta1");
    let schema =
        &paths["components"]["schemas"]["io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics"];
    assert_eq!(
        schema["x-kubernetes-group-version-kind"][0]["kind"],
        "PodMetrics"
    );
    assert!(server.get("/openapi/v2")["paths"][format!("{GROUP}/nodes/{{name}}")].is_object());
    for (path, message) in [
        (format!("{GROUP}/nodes/n"), "nodes \"n\" not found"),
        (format!("{pods}/q"), "pods \"q\" not found"),
        (
            format!("{pods}?fieldSelector=spec.nodeName%3Dn"),
            "\"spec.nodeName\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        ),
        (
            format!("{pods}?watch=true"),
            "the server does not allow this method on the requested resource",
        ),
    ] {
        let answer = server.send(&Request::new("GET", &path)).json();
        assert_eq!(answer["message"], message, "{path}");
    }

    // What is defined comes before it.
    let schema = json!({"openAPIV3Schema": {"type": "object"}});
    server.create(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        &json!({"metadata": {"name": "widgets.example.com"}, "spec": {"group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}}),
    );
    items(&server, "/apis/example.com/v1/widgets", 0);
    let groups = server.get("/apis");
    assert_eq!(
        names(&groups).split_off(names(&groups).len() - 2),
        ["example.com", "metrics.k8s.io"]
    );

    assert_eq!(server.stop("-TERM"), Some(0));
    server.restart_with(&["--nodes=0"]);
    assert!(!names(&server.get("/apis")).contains(&"metrics.k8s.io"));
    for path in [GROUP, service] {
        let answer = server.send(&Request::new("GET", path));
        assert_eq!(answer.status, 404, "{path}");
    }
}
