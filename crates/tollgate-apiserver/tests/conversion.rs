//! Custom objects that a webhook converts between versions.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;
mod sending;
mod webhook;

use in_process::api;
use sending::send;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tollgate_api::{UserInfo, Value, json};
use tollgate_apiserver::audit::NO_TRAIL;
use tollgate_apiserver::crd;
use tollgate_apiserver::health::Health;
use tollgate_apiserver::verbs::options::ListOptions;
use tollgate_apiserver::verbs::{Answer, Api, Call, Warnings, convert, list};

const VERSIONS: &str = r#"[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
        "properties":{"spec":{"type":"object","properties":{"length":{"type":"integer"}}}}}}},
    {"name":"v1beta1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object",
        "properties":{"spec":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}]"#;

/// A webhook that knows `spec.size` of the old version as `spec.length` of the new one.
async fn converter(asked: Arc<AtomicUsize>) -> String {
    webhook::webhook(move |question| {
        asked.fetch_add(1, Ordering::SeqCst);
        let request = question.get("request").unwrap();
        let wanted = request.str_or_empty("desiredAPIVersion");
        let (from, to) = match wanted {
            "x.example/v1" => ("size", "length"),
            _ => ("length", "size"),
        };
        let objects = request.items("objects").iter().cloned().map(|mut object| {
            object.set("apiVersion", wanted);
            let number = object.child_mut("spec").remove(from);
            object.child_mut("spec").set(to, number);
            object
        });
        let objects: Vec<Value> = objects.collect();
        let uid = request.str_or_empty("uid");
        format!(
            r#"{{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","response":{{"uid":"{uid}","result":{{"status":"Success"}},"convertedObjects":{}}}}}"#,
            Value::from(objects)
        )
    })
    .await
}

/// A server that serves the definition.
async fn started(client: &str) -> Arc<Api> {
    let api = Arc::new(api());
    crd::keeper::start(&api, &mut Health::default()).unwrap();
    let namespaces = ("", "v1", "namespaces");
    send(&api, namespaces, "", r#"{"metadata":{"name":"a"}}"#)
        .await
        .unwrap();
    let definition = format!(
        r#"{{"metadata":{{"name":"things.x.example"}},"spec":{{"group":"x.example","scope":"Namespaced","names":{{"plural":"things","kind":"Thing"}},
            "versions":{VERSIONS},"conversion":{{"strategy":"Webhook","webhook":{{"conversionReviewVersions":["v1"],"clientConfig":{client}}}}}}}}}"#
    );
    let definitions = ("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    send(&api, definitions, "", &definition).await.unwrap();
    let served = async {
        while api
            .catalog
            .load()
            .resource("x.example", "v1", "things")
            .is_none()
        {
            tokio::task::yield_now().await;
        }
    };
    let deadline = std::time::Duration::from_secs(20);
    tokio::time::timeout(deadline, served).await.unwrap();
    api
}

async fn listed(api: &Api, version: &str) -> Vec<Value> {
    let catalog = api.catalog.load();
    let resource = catalog.resource("x.example", version, "things").unwrap();
    let (user, warnings) = (UserInfo::default(), Warnings::default());
    let call = Call {
        api,
        resource,
        subresource: "",
        namespace: "a",
        name: "",
        user: &user,
        user_agent: "test",
        warnings: &warnings,
        trail: &NO_TRAIL,
        now: api.environment.now(),
    };
    let answer = list(&call, &ListOptions::default()).unwrap();
    let Answer::List(listing) = convert::answer(api, answer).await.unwrap() else {
        return Vec::new();
    };
    let items = listing.items.iter();
    items
        .map(|(_, record)| json::from_slice(&record.value).unwrap())
        .collect()
}

fn numbers(objects: &[Value], field: &str) -> Vec<Option<i64>> {
    let number = |object: &Value| object.at(&["spec", field]).and_then(Value::as_i64);
    objects.iter().map(number).collect()
}

#[tokio::test]
async fn every_client_sees_its_own_version() {
    let asked = Arc::new(AtomicUsize::new(0));
    let api = started(&converter(Arc::clone(&asked)).await).await;
    let thing = |version: &str, name: &str, field: &str, number: i64| {
        format!(
            r#"{{"apiVersion":"x.example/{version}","kind":"Thing","metadata":{{"name":"{name}"}},"spec":{{"{field}":{number}}}}}"#
        )
    };
    let (old, new) = (
        ("x.example", "v1beta1", "things"),
        ("x.example", "v1", "things"),
    );
    let made = send(&api, old, "", &thing("v1beta1", "one", "size", 1))
        .await
        .unwrap();
    assert_eq!(numbers(&[made], "size"), [Some(1)]);
    let made = send(&api, new, "", &thing("v1", "two", "length", 2))
        .await
        .unwrap();
    assert_eq!(numbers(std::slice::from_ref(&made), "length"), [Some(2)]);
    let before = asked.load(Ordering::SeqCst);
    assert_eq!(
        numbers(&listed(&api, "v1").await, "length"),
        [Some(1), Some(2)]
    );
    assert_eq!(
        asked.load(Ordering::SeqCst),
        before,
        "what is stored so is not sent"
    );
    assert_eq!(
        numbers(&listed(&api, "v1beta1").await, "size"),
        [Some(1), Some(2)]
    );
    assert_eq!(
        asked.load(Ordering::SeqCst),
        before + 1,
        "a list is one question"
    );
    let revision = made.at(&["metadata", "resourceVersion"]).unwrap();
    let change = thing("v1beta1", "two", "size", 3).replace(
        r#""name":"two""#,
        &format!(r#""name":"two","resourceVersion":{revision}"#),
    );
    let changed = send(&api, old, "two", &change).await.unwrap();
    assert_eq!(changed.str("apiVersion"), Some("x.example/v1beta1"));
    assert_eq!(
        numbers(&listed(&api, "v1").await, "length"),
        [Some(1), Some(3)]
    );
}

#[tokio::test]
async fn without_its_webhook_a_version_can_neither_be_written_nor_read() {
    let client = r#"{"service":{"namespace":"a","name":"s","path":"/c"}}"#;
    let api = started(client).await;
    let old = ("x.example", "v1beta1", "things");
    let thing = r#"{"apiVersion":"x.example/v1beta1","kind":"Thing","metadata":{"name":"one"}}"#;
    let refused = send(&api, old, "", thing).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (
            500,
            "conversion webhook for x.example/v1beta1, Kind=Thing failed: Post \"https://s.a.svc:443/c?timeout=30s\": service \"s\" not found"
        )
    );
    let stored = thing.replace("v1beta1", "v1");
    send(&api, ("x.example", "v1", "things"), "", &stored)
        .await
        .unwrap();
}
