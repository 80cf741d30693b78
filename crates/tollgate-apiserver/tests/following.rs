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
use tollgate_api::{Value, json};
use tollgate_apiserver::fresh::{self, Surroundings};
use tollgate_apiserver::storage::{Key, Write};
use tollgate_apiserver::verbs::Api;

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
    fresh::follow(&api, &surroundings).unwrap();
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
