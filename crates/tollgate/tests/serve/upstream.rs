//! What Kubernetes' own end-to-end tests asked for and did not get.

use super::running::{Running, pod};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tollgate_testkit::client::Request;

#[test]
fn what_is_not_stored_has_no_table() {
    let server = Running::start("no-table", &[]);
    let spec = json!({"nonResourceAttributes": {"path": "/", "verb": "get"}});
    let review = json!({"spec": spec}).to_string();
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    let request = Request::json("POST", path, &review).header("Accept", table);
    assert_eq!(server.send(&request).status, 406);
    let request = Request::json("POST", path, &review);
    assert_eq!(server.send(&request).status, 201);
}

#[test]
fn discovery_can_be_read_as_protobuf() {
    let server = Running::start("discovery", &[]);
    let protobuf = "application/vnd.kubernetes.protobuf";
    let request = Request::new("GET", "/api/v1").header("Accept", protobuf);
    let answer = server.send(&request);
    let (kind, list) = tollgate_objects::protobuf::decode(&answer.body).unwrap();
    assert_eq!(kind.kind, "APIResourceList");
    let pods = list.items("resources").iter();
    let mut pods = pods.filter(|resource| resource.str("name") == Some("pods"));
    assert_eq!(pods.next().unwrap().items("verbs").len(), 8);
}

#[test]
fn metadata_and_tables_are_watched_in_the_form_that_was_asked_for() {
    let server = Running::start("watched", &[]);
    let path = "/api/v1/namespaces?watch=1&timeoutSeconds=1&allowWatchBookmarks=true\
        &sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    let watch = |accept: &str| server.send(&Request::new("GET", path).header("Accept", accept));
    let answer =
        watch("application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
    // A frame begins with its length; a line of JSON would not.
    assert_eq!(answer.body.first(), Some(&0));
    assert!(!answer.text().contains("\"kind\""));
    let answer = watch("application/json;as=Table;v=v1;g=meta.k8s.io");
    let events: Vec<Value> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let bookmark = events.last().unwrap();
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(bookmark["object"]["kind"], "Table");
    let annotations = &bookmark["object"]["rows"][0]["object"]["metadata"]["annotations"];
    assert_eq!(annotations["k8s.io/initial-events-end"], "true");
}

#[test]
fn a_pod_that_is_not_ready_goes_as_its_budget_says() {
    let server = Running::start("unready", &[]);
    server.namespace("shop", "9");
    let in_shop = |rest: &str| format!("/api/v1/namespaces/shop/{rest}");
    let budget = |name: &str, policy: Value| {
        let selector = json!({"matchLabels": {"app": name}});
        let spec =
            json!({"minAvailable": 1, "selector": selector, "unhealthyPodEvictionPolicy": policy});
        let path = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets";
        server.create(path, &json!({"metadata": {"name": name}, "spec": spec}));
    };
    let evict = |name: &str, app: &str, ready: &str| {
        let mut made: Value = serde_json::from_str(&pod(name)).unwrap();
        made["metadata"]["labels"] = json!({"app": app});
        server.create(&in_shop("pods"), &made);
        let ready = json!({"type": "Ready", "status": ready});
        let status = json!({"status": {"phase": "Running", "conditions": [ready]}}).to_string();
        let path = in_shop(&format!("pods/{name}/status"));
        let patch = Request {
            headers: vec![("Content-Type", "application/merge-patch+json")],
            ..Request::json("PATCH", &path, &status)
        };
        assert_eq!(server.send(&patch).status, 200);
        let path = in_shop(&format!("pods/{name}/eviction"));
        let eviction = json!({"metadata": {"name": name}}).to_string();
        server.send(&Request::json("POST", &path, &eviction)).status
    };
    budget("always", "AlwaysAllow".into());
    budget("default", Value::Null);
    assert_eq!(evict("a", "always", "False"), 201);
    assert_eq!(evict("b", "always", "True"), 429);
    assert_eq!(evict("c", "default", "False"), 429);
}

#[test]
fn a_certificate_request_is_approved_through_its_subresource() {
    let server = Running::start("approve", &[]);
    let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    let request = rcgen::KeyPair::generate().unwrap();
    let request = rcgen::CertificateParams::default().serialize_request(&request);
    let pem = STANDARD.encode(request.unwrap().pem().unwrap());
    let spec = json!({"signerName": "example.com/a", "request": pem, "usages": ["client auth"]});
    server.create(path, &json!({"metadata": {"name": "r"}, "spec": spec}));
    let patch = |subresource: &str, condition: &str| {
        let condition = json!({"type": condition, "status": "True", "reason": "Test"});
        let body = json!({"status": {"conditions": [condition]}}).to_string();
        let path = format!("{path}/r/{subresource}");
        let request = Request {
            headers: vec![("Content-Type", "application/merge-patch+json")],
            ..Request::json("PATCH", &path, &body)
        };
        server.send(&request)
    };
    assert_eq!(patch("status", "Approved").status, 422);
    let approved = patch("approval", "Approved").json();
    let condition = &approved["status"]["conditions"][0];
    assert_eq!(condition["type"], "Approved");
    assert!(condition["lastTransitionTime"].is_string(), "{condition}");
    assert_eq!(patch("approval", "Denied").status, 422);
}
