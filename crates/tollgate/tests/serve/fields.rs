//! Who manages which fields, where real clients found us wrong.

use super::running::Running;
use serde_json::{Value, json};
use tollgate_testkit::client::{Answer, Request};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn patch(server: &Running, path: &str, patch_type: &str, body: &Value) -> Answer {
    let text = body.to_string();
    let request = Request {
        headers: vec![("Content-Type", patch_type)],
        ..Request::json("PATCH", path, &text)
    };
    server.send(&request)
}

fn server_with_deployment(name: &str) -> Running {
    let server = Running::start(name, &[]);
    let labels = json!({"app": "web"});
    let pod = json!({"containers": [{"name": "c", "image": "i"}]});
    let template = json!({"metadata": {"labels": labels}, "spec": pod});
    let spec = json!({"replicas": 2, "selector": {"matchLabels": labels}, "template": template});
    server.create(
        DEPLOYMENTS,
        &json!({"metadata": {"name": "web"}, "spec": spec}),
    );
    server
}

#[test]
fn who_scales_owns_the_number_of_replicas() {
    let server = server_with_deployment("scale-owner");
    let scale = format!("{DEPLOYMENTS}/web/scale?fieldManager=scaler");
    let three = json!({"spec": {"replicas": 3}});
    let answer = patch(&server, &scale, "application/merge-patch+json", &three);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let web = server.get(&format!("{DEPLOYMENTS}/web"));
    let entries = web["metadata"]["managedFields"].as_array().unwrap();
    let owners: Vec<&Value> = entries
        .iter()
        .filter(|entry| !entry["fieldsV1"]["f:spec"]["f:replicas"].is_null())
        .collect();
    assert_eq!(owners.len(), 1, "{owners:?}");
    assert_eq!(owners[0]["manager"], "scaler");
    assert_eq!(owners[0]["subresource"], "scale");
    assert_eq!(owners[0]["apiVersion"], "apps/v1");
}

#[test]
fn what_is_applied_to_an_object_that_is_there_need_not_say_its_name() {
    let server = server_with_deployment("apply-nameless");
    let nameless = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"paused": true},
    });
    let apply = |name: &str, body: &Value| {
        let path = format!("{DEPLOYMENTS}/{name}?fieldManager=operator");
        patch(&server, &path, "application/apply-patch+yaml", body)
    };
    let answer = apply("web", &nameless);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["spec"]["paused"], true);
    // Where nothing is there, a name is needed, and another name is never right.
    assert_eq!(apply("new", &nameless).status, 400);
    let mut other = nameless;
    other["metadata"] = json!({"name": "other"});
    let answer = apply("web", &other);
    assert_eq!(answer.status, 400, "{}", answer.text());
}
