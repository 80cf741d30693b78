//! Objects that mean the same are the same to the server, however amounts are written.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;

use in_process::api;
use tollgate_api::{Status, UserInfo, Value};
use tollgate_apiserver::audit::NO_TRAIL;
use tollgate_apiserver::verbs::options::{FieldValidation, WriteOptions};
use tollgate_apiserver::verbs::{Answer, Api, BodyFormat, Call, Warnings, create, decode, replace};

/// Sends an object and gives what is stored of it.
async fn send(
    api: &Api,
    (group, plural): (&str, &str),
    name: &str,
    body: &str,
) -> Result<Value, Status> {
    let catalog = api.catalog.load();
    let resource = catalog.resource(group, "v1", plural).unwrap();
    let (user, warnings) = (UserInfo::default(), Warnings::default());
    let call = Call {
        api,
        resource,
        subresource: "",
        namespace: if resource.namespaced { "a" } else { "" },
        name,
        user: &user,
        user_agent: "test",
        warnings: &warnings,
        trail: &NO_TRAIL,
        now: api.environment.now(),
    };
    let object = decode(
        &call,
        &resource.kind,
        body.as_bytes(),
        BodyFormat::Json,
        FieldValidation::Strict,
    )?;
    let options = WriteOptions::default();
    let answer = if name.is_empty() {
        create(&call, object, &options).await?
    } else {
        replace(&call, object, &options).await?
    };
    match answer {
        Answer::Object { object, .. } => object.parse(),
        other => Err(Status::internal(format!("{other:?}"))),
    }
}

async fn namespace(api: &Api) {
    send(api, ("", "namespaces"), "", r#"{"metadata":{"name":"a"}}"#)
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
    let made = send(&api, ("apps", "deployments"), "", &deployment("0.5"))
        .await
        .unwrap();
    let cpu = |of: &Value| {
        let spec = of.at(&["spec", "template", "spec"]).unwrap();
        let container = spec.items("containers").first().unwrap();
        container.at(&["resources", "requests", "cpu"]).cloned()
    };
    assert_eq!(cpu(&made), Some("500m".into()));
    for same in ["\"500m\"", "0.5", "\"0.50\""] {
        let now = send(&api, ("apps", "deployments"), "d", &deployment(same))
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
    let made = send(&api, ("", "resourcequotas"), "", &quota("0.5"))
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
    let claims = ("", "persistentvolumeclaims");
    let made = send(&api, claims, "", &volume("1.5Gi")).await.unwrap();
    let spec = made.get("spec").unwrap().clone();
    let now = send(&api, claims, "v", &volume("1536Mi")).await.unwrap();
    assert_eq!(now.get("spec"), Some(&spec));
    let now = send(&api, claims, "v", &volume("1.5Gi")).await.unwrap();
    assert_eq!(now.get("spec"), Some(&spec));
}
