//! What Kubernetes' own end-to-end tests asked for and did not get.

use super::running::Running;
use serde_json::json;
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
fn a_timeout_that_is_none_is_refused() {
    let server = Running::start("timeout", &[]);
    let status = |path: &str| server.send(&Request::new("GET", path)).status;
    assert_eq!(status("/version?timeout=invalid"), 400);
    assert_eq!(status("/api/v1/namespaces?timeout=invalid"), 400);
    assert_eq!(status("/api/v1/namespaces?timeout=3m"), 200);
}
