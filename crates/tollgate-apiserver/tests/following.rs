//! What the server keeps in step with the cluster while it runs.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;
mod sending;

use in_process::api;
use sending::send;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::{UserInfo, Value, json};
use tollgate_apiserver::flow_control::FlowIndex;
use tollgate_apiserver::fresh::{self, Surroundings};
use tollgate_apiserver::health::Health;
use tollgate_apiserver::storage::{Key, Write};
use tollgate_apiserver::verbs::Api;
use tollgate_policy::rbac::Access;

async fn started() -> Arc<Api> {
    let api = Arc::new(api());
    let surroundings = Surroundings {
        reached: SocketAddr::from(([192, 0, 2, 7], 6443)),
        hostname: "h".to_owned(),
        client_authorities: "PEM".to_owned(),
        unannounced: Vec::new(),
    };
    let catalog = api.catalog.load();
    fresh::fill(&*api.store, &*api.environment, &catalog, &surroundings)
        .await
        .unwrap();
    fresh::follow(&api, &surroundings, &mut Health::default()).unwrap();
    api
}

/// Waits until what is stored under a key is as it must be.
async fn wait_for(api: &Api, key: &str, is_so: impl Fn(Option<Value>) -> bool) {
    let waits = async {
        loop {
            let snapshot = api.store.snapshot();
            let found = snapshot.get(key);
            let found = found.map(|found| json::from_slice(&found.value).unwrap());
            if is_so(found) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let deadline = Duration::from_secs(20);
    assert!(tokio::time::timeout(deadline, waits).await.is_ok(), "{key}");
}

fn delete(api: &Api, group: &str, plural: &str, name: &str) {
    let key = Key::new(group, plural, "", name);
    let mut writes = vec![Write::Delete { key }];
    api.store
        .transact(&mut |_| std::mem::take(&mut writes))
        .unwrap();
}

#[tokio::test]
async fn api_services_follow_definitions() {
    let api = started().await;
    let definition = |version: &str| {
        format!(
            r#"{{"metadata":{{"name":"as.x.example"}},"spec":{{"group":"x.example","scope":"Namespaced","names":{{"plural":"as","kind":"A"}},
                "versions":[{{"name":"{version}","served":true,"storage":true,"schema":{{"openAPIV3Schema":{{"type":"object"}}}}}}]}}}}"#
        )
    };
    let group = "apiextensions.k8s.io";
    let definitions = (group, "v1", "customresourcedefinitions");
    send(&api, definitions, "", &definition("v1"))
        .await
        .unwrap();
    let key = "apiregistration.k8s.io/apiservices//v1.x.example";
    wait_for(&api, key, |found| found.is_some()).await;
    delete(&api, group, "customresourcedefinitions", "as.x.example");
    wait_for(&api, key, |found| found.is_none()).await;
}

#[tokio::test]
async fn flow_schemas_say_whether_their_level_is_there_and_come_back() {
    let api = started().await;
    let group = "flowcontrol.apiserver.k8s.io";
    let schema =
        r#"{"metadata":{"name":"mine"},"spec":{"priorityLevelConfiguration":{"name":"lvl"}}}"#;
    send(&api, (group, "v1", "flowschemas"), "", schema)
        .await
        .unwrap();
    let dangles = |wanted: &'static str| {
        move |found: Option<Value>| {
            let status = found.and_then(|found| found.get("status").cloned());
            let status = status.unwrap_or_default();
            let mut conditions = status.items("conditions").iter();
            conditions.any(|condition| condition.str("status") == Some(wanted))
        }
    };
    let key = format!("{group}/flowschemas//mine");
    wait_for(&api, &key, dangles("True")).await;
    let level = r#"{"metadata":{"name":"lvl"},"spec":{"type":"Limited","limited":{"limitResponse":{"type":"Reject"}}}}"#;
    send(
        &api,
        (group, "v1", "prioritylevelconfigurations"),
        "",
        level,
    )
    .await
    .unwrap();
    wait_for(&api, &key, dangles("False")).await;
    delete(&api, group, "flowschemas", "probes");
    let probes = format!("{group}/flowschemas//probes");
    wait_for(&api, &probes, |found| found.is_some()).await;
}

#[tokio::test]
async fn api_services_say_whether_they_can_be_asked() {
    let api = started().await;
    let service = r#"{"metadata":{"name":"v1.far.example"},"spec":{"group":"far.example","version":"v1","groupPriorityMinimum":1000,
        "versionPriority":15,"insecureSkipTLSVerify":true,"service":{"namespace":"a","name":"far"}}}"#;
    let api_services = ("apiregistration.k8s.io", "v1", "apiservices");
    send(&api, api_services, "", service).await.unwrap();
    let local = r#"{"metadata":{"name":"v9.far.example"},"spec":{"group":"far.example","version":"v9","groupPriorityMinimum":1000,
        "versionPriority":15}}"#;
    send(&api, api_services, "", local).await.unwrap();
    let says = |wanted: &'static str| {
        move |found: Option<Value>| {
            let status = found.and_then(|found| found.get("status").cloned());
            let status = status.unwrap_or_default();
            let mut conditions = status.items("conditions").iter();
            conditions.any(|condition| {
                let text = |key| condition.str_or_empty(key).to_owned();
                format!("{} {}", text("status"), text("reason")) == wanted
            })
        }
    };
    let key = "apiregistration.k8s.io/apiservices//v1.far.example";
    wait_for(&api, key, says("False ServiceNotFound")).await;
    let local = "apiregistration.k8s.io/apiservices//v9.far.example";
    wait_for(&api, local, says("True Local")).await;
    let namespace = r#"{"metadata":{"name":"a"}}"#;
    let namespaces = ("", "v1", "namespaces");
    send(&api, namespaces, "", namespace).await.unwrap();
    let behind = r#"{"metadata":{"name":"far"},"spec":{"ports":[{"port":443}]}}"#;
    let services = ("", "v1", "services");
    send(&api, services, "", behind).await.unwrap();
    wait_for(&api, key, says("False FailedDiscoveryCheck")).await;
}

/// The schema that takes what `user` does at `/version`, found by its unique id; none if it is gone by now.
fn taken(api: &Api, flows: &FlowIndex, user: &str) -> Option<String> {
    let user = UserInfo {
        name: user.into(),
        groups: vec!["system:authenticated".into()],
        ..UserInfo::default()
    };
    let access = Access::NonResource {
        verb: "get",
        path: "/version",
    };
    let flow = flows.classify(&user, &access).unwrap();
    let snapshot = api.store.snapshot();
    let prefix = Key::prefix("flowcontrol.apiserver.k8s.io", "flowschemas", None);
    let mut schemas = snapshot.range(&prefix);
    let found = schemas.find(|(_, found)| {
        let schema = json::from_slice(&found.value).unwrap();
        let uid = schema.at(&["metadata", "uid"]).and_then(Value::as_str);
        uid.map(str::as_bytes) == Some(&flow.schema[..])
    });
    Some(found?.0.name().to_owned())
}

#[tokio::test]
async fn requests_belong_to_the_first_schema_by_precedence_whose_level_is_there() {
    let api = started().await;
    let mut health = Health::default();
    let flows = FlowIndex::follow(&api.store, &mut health).unwrap();
    assert_eq!(taken(&api, &flows, "noxu").unwrap(), "global-default");
    let group = "flowcontrol.apiserver.k8s.io";
    let schema = |name: &str, precedence: u32| {
        format!(
            r#"{{"metadata":{{"name":"{name}"}},"spec":{{"priorityLevelConfiguration":{{"name":"lvl"}},"matchingPrecedence":{precedence},
                "rules":[{{"subjects":[{{"kind":"User","user":{{"name":"noxu"}}}}],
                "nonResourceRules":[{{"verbs":["*"],"nonResourceURLs":["*"]}}]}}]}}}}"#
        )
    };
    for (name, precedence) in [("late", 1001), ("b", 1000), ("a", 1000)] {
        let schema = schema(name, precedence);
        send(&api, (group, "v1", "flowschemas"), "", &schema)
            .await
            .unwrap();
    }
    let level = r#"{"metadata":{"name":"lvl"},"spec":{"type":"Limited","limited":{"limitResponse":{"type":"Reject"}}}}"#;
    let wait = async |wanted: &str| {
        let waits = async {
            while taken(&api, &flows, "noxu").as_deref() != Some(wanted) {
                tokio::task::yield_now().await;
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(20), waits).await;
        assert!(done.is_ok(), "{wanted}");
    };
    // A schema without its level takes nothing, so far.
    wait("global-default").await;
    let levels = (group, "v1", "prioritylevelconfigurations");
    send(&api, levels, "", level).await.unwrap();
    wait("a").await;
    assert_eq!(taken(&api, &flows, "foo").unwrap(), "global-default");
    delete(&api, group, "flowschemas", "a");
    wait("b").await;
    delete(&api, group, "prioritylevelconfigurations", "lvl");
    wait("global-default").await;
    assert!(health.is_well("poststarthook/priority-and-fairness-config-consumer"));
}
