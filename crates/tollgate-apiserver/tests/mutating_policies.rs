//! Policies that change objects as requests meet them.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;
mod sending;

use in_process::api;
use sending::send;
use tollgate_api::{Status, Value, json};
use tollgate_apiserver::verbs::Api;

const ADMISSION: &str = "admissionregistration.k8s.io";

async fn try_policy(api: &Api, name: &str, spec: &str) -> Result<Value, Status> {
    let policy = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"reinvocationPolicy":"IfNeeded","matchConstraints":{{"resourceRules":[
        {{"apiGroups":["","apps"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps","deployments"]}}]}},{spec}}}}}"#
    );
    send(
        api,
        (ADMISSION, "v1", "mutatingadmissionpolicies"),
        "",
        &policy,
    )
    .await
}

async fn policy(api: &Api, name: &str, spec: &str, binding: &str) {
    try_policy(api, name, spec).await.unwrap();
    let binding =
        format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{"policyName":"{name}"{binding}}}}}"#);
    let plural = "mutatingadmissionpolicybindings";
    send(api, (ADMISSION, "v1", plural), "", &binding)
        .await
        .unwrap();
}

async fn started() -> Api {
    let api = api();
    let namespace = r#"{"metadata":{"name":"a"}}"#;
    send(&api, ("", "v1", "namespaces"), "", namespace)
        .await
        .unwrap();
    api
}

fn apply(expression: &str) -> String {
    let expression = expression.replace('"', "\\\"");
    format!(
        r#""mutations":[{{"patchType":"ApplyConfiguration","applyConfiguration":{{"expression":"{expression}"}}}}]"#
    )
}

fn patch(expression: &str) -> String {
    let expression = expression.replace('"', "\\\"");
    format!(
        r#""mutations":[{{"patchType":"JSONPatch","jsonPatch":{{"expression":"{expression}"}}}}]"#
    )
}

const MAP: &str = r#"{"metadata":{"name":"m","labels":{"team":"x"}},"data":{"a":"1"}}"#;

#[tokio::test]
async fn a_configuration_is_merged_and_a_patch_applied() {
    let api = started().await;
    let spec = apply(
        r#"Object{data: {"b": object.data["a"] + "2"}, metadata: Object.metadata{labels: {"by": "policy"}}}"#,
    );
    policy(&api, "apply", &spec, "").await;
    let spec = patch(
        r#"[JSONPatch{op: "test", path: "/data/b", value: "12"}, JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("x.example/c"), value: "3"}]"#,
    );
    policy(&api, "patch", &spec, "").await;
    let made = send(&api, ("", "v1", "configmaps"), "", MAP).await.unwrap();
    let expected = json::from_str(r#"{"a":"1","b":"12"}"#).unwrap();
    assert_eq!(made.get("data"), Some(&expected));
    let labels = r#"{"by":"policy","team":"x","x.example/c":"3"}"#;
    assert_eq!(
        made.at(&["metadata", "labels"]),
        Some(&json::from_str(labels).unwrap())
    );
    let spec = patch(r#"[JSONPatch{op: "remove", path: "/data/a"}]"#);
    policy(&api, "takes", &spec, "").await;
    let made = send(
        &api,
        ("", "v1", "configmaps"),
        "",
        &MAP.replace("\"m\"", "\"n\""),
    )
    .await;
    // Heard once more because the last policy changed the object, the first finds no `a`.
    let why = made.unwrap_err();
    assert_eq!(
        (why.code, why.message.as_str()),
        (
            422,
            "configmaps \"n\" is forbidden: policy 'apply' with binding 'apply' denied request: expression 'Object{data: {\"b\": object.data[\"a\"] + \"2\"}, metadata: Object.metadata{labels: {\"by\": \"policy\"}}}' resulted in error: no such key: a"
        )
    );
}

#[tokio::test]
async fn lists_merge_by_their_keys() {
    let api = started().await;
    let spec = apply(
        r#"Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: "side", image: "s"}], ?hostNetwork: optional.none()}}}}"#,
    );
    policy(&api, "p", &spec, "").await;
    let deployment = r#"{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{
        "metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}"#;
    let made = send(&api, ("apps", "v1", "deployments"), "", deployment)
        .await
        .unwrap();
    let spec = made.at(&["spec", "template", "spec"]).unwrap();
    let names: Vec<&str> = spec
        .items("containers")
        .iter()
        .map(|container| container.str_or_empty("name"))
        .collect();
    assert_eq!(names, ["c", "side"]);
    let defaulted = spec.items("containers").iter();
    assert!(
        defaulted
            .clone()
            .all(|one| one.str("terminationMessagePolicy") == Some("File"))
    );
    let whole = apply(
        r#"Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"x": "y"}}}}"#,
    );
    policy(&api, "q", &whole, "").await;
    let why = send(&api, ("apps", "v1", "deployments"), "", deployment)
        .await
        .unwrap_err();
    assert!(
        why.message.ends_with("invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector"),
        "{}",
        why.message
    );
}

#[tokio::test]
async fn conditions_and_parameters_say_what_is_changed() {
    let api = started().await;
    let params = r#"{"metadata":{"name":"params"},"data":{"label":"from-params"}}"#;
    send(&api, ("", "v1", "configmaps"), "", params)
        .await
        .unwrap();
    let spec = format!(
        r#""paramKind":{{"apiVersion":"v1","kind":"ConfigMap"}},
           "variables":[{{"name":"label","expression":"params.data.label"}}],
           "matchConditions":[{{"name":"c","expression":"object.metadata.?labels.team.orValue('') == 'x'"}}],{}"#,
        apply("Object{metadata: Object.metadata{labels: {'set': variables.label}}}")
    );
    let binding = r#","paramRef":{"name":"params","parameterNotFoundAction":"Deny"}"#;
    policy(&api, "p", &spec, binding).await;
    let made = send(&api, ("", "v1", "configmaps"), "", MAP).await.unwrap();
    let set = |of: &Value| of.at(&["metadata", "labels", "set"]).cloned();
    assert_eq!(set(&made), Some("from-params".into()));
    let other = MAP.replace("\"m\"", "\"n\"").replace("\"x\"", "\"y\"");
    let made = send(&api, ("", "v1", "configmaps"), "", &other)
        .await
        .unwrap();
    assert_eq!(set(&made), None);
}

#[tokio::test]
async fn a_policy_that_may_fail_changes_nothing_if_it_does() {
    let api = started().await;
    let spec = format!(
        r#""failurePolicy":"Ignore",{}"#,
        patch(
            r#"[JSONPatch{op: "add", path: "/data/x", value: "1"}, JSONPatch{op: "remove", path: "/nothing"}]"#
        )
    );
    policy(&api, "p", &spec, "").await;
    let made = send(&api, ("", "v1", "configmaps"), "", MAP).await.unwrap();
    assert_eq!(made.at(&["data", "x"]), None);
}

#[tokio::test]
async fn expressions_that_make_no_change_are_refused() {
    let api = started().await;
    for (spec, why) in [
        (patch("1"), "must evaluate to list(JSONPatch) but got int"),
        (
            patch("[]"),
            "must evaluate to list(JSONPatch) but got list(dyn)",
        ),
        (apply("1"), "must evaluate to Object but got int"),
        (
            apply("Other{}"),
            "undeclared reference to 'Other' (in container '')",
        ),
    ] {
        let refused = try_policy(&api, "p", &spec).await.unwrap_err();
        assert!(refused.message.contains(why), "{}", refused.message);
    }
}
