//! Objects that mean the same are the same to the server, however amounts are written.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;
mod sending;

use in_process::api;
use sending::send;
use tollgate_api::Value;
use tollgate_apiserver::verbs::Api;

async fn namespace(api: &Api) {
    send(
        api,
        ("", "v1", "namespaces"),
        "",
        r#"{"metadata":{"name":"a"}}"#,
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn an_amount_that_is_written_otherwise_is_no_change() {
    let api = api();
    namespace(&api).await;
    let deployment = |cpu: &str| {
        format!(
            r#"{{"metadata":{{"name":"d"}},"spec":{{"selector":{{"matchLabels":{{"a":"b"}}}},"template":{{
            "metadata":{{"labels":{{"a":"b"}}}},"spec":{{"containers":[{{"name":"c","image":"i",
            "resources":{{"requests":{{"cpu":{cpu}}}}}}}]}}}}}}}}"#
        )
    };
    let made = send(&api, ("apps", "v1", "deployments"), "", &deployment("0.5"))
        .await
        .unwrap();
    let cpu = |of: &Value| {
        let spec = of.at(&["spec", "template", "spec"]).unwrap();
        let container = spec.items("containers").first().unwrap();
        container.at(&["resources", "requests", "cpu"]).cloned()
    };
    assert_eq!(cpu(&made), Some("500m".into()));
    for same in ["\"500m\"", "0.5", "\"0.50\""] {
        let now = send(&api, ("apps", "v1", "deployments"), "d", &deployment(same))
            .await
            .unwrap();
        assert_eq!(now, made, "{same}");
    }
}

#[tokio::test]
async fn what_must_not_change_may_be_written_otherwise() {
    let api = api();
    namespace(&api).await;
    let quota = |cpu: &str| {
        format!(r#"{{"metadata":{{"name":"q"}},"spec":{{"hard":{{"requests.cpu":"{cpu}"}}}}}}"#)
    };
    let made = send(&api, ("", "v1", "resourcequotas"), "", &quota("0.5"))
        .await
        .unwrap();
    assert_eq!(
        made.at(&["spec", "hard", "requests.cpu"]),
        Some(&"500m".into())
    );
    let volume = |size: &str| {
        format!(
            r#"{{"metadata":{{"name":"v"}},"spec":{{"accessModes":["ReadWriteOnce"],"storageClassName":"x",
            "volumeMode":"Filesystem","resources":{{"requests":{{"storage":"{size}"}}}}}}}}"#
        )
    };
    let claims = ("", "v1", "persistentvolumeclaims");
    let made = send(&api, claims, "", &volume("1.5Gi")).await.unwrap();
    let spec = made.get("spec").unwrap().clone();
    let now = send(&api, claims, "v", &volume("1536Mi")).await.unwrap();
    assert_eq!(now.get("spec"), Some(&spec));
    let now = send(&api, claims, "v", &volume("1.5Gi")).await.unwrap();
    assert_eq!(now.get("spec"), Some(&spec));
}
