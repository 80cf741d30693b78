//! What an admission costs does not depend on how many objects there are: records are counted that are looked at or
//! written, not time.
//!
//! `TOLLGATE_PODS` is how many pods the large namespace has; if nobody says, as many as are made in a second.

#[path = "../../tests/in_process/mod.rs"]
mod in_process;

use super::options::WriteOptions;
use super::{Api, Call, Warnings, create};
use crate::audit::NO_TRAIL;
use crate::storage::{Key, Write, operations};
use tollgate_api::{UserInfo, json};

/// How many pods the large namespace has if nobody says.
const PODS: usize = 2_000;

const QUOTA: &str = r#"{"metadata":{"name":"q"},"spec":{"hard":{"pods":"1000000","requests.cpu":"1000000","limits.memory":"1000Ti"}}}"#;
const RANGE: &str = r#"{"metadata":{"name":"r"},"spec":{"limits":[{"type":"Container","default":{"cpu":"100m","memory":"64Mi"},"max":{"cpu":"2"}}]}}"#;

/// Creates an object as a client does; how many records were touched.
async fn made(api: &Api, namespace: &str, plural: &str, object: &str) -> u64 {
    let catalog = api.catalog.load();
    let resource = catalog.resource("", "v1", plural).unwrap();
    let user = UserInfo::default();
    let warnings = Warnings::default();
    let call = Call {
        api,
        resource,
        subresource: "",
        namespace: if resource.namespaced { namespace } else { "" },
        name: "",
        user: &user,
        user_agent: "test",
        warnings: &warnings,
        trail: &NO_TRAIL,
        now: api.environment.now(),
    };
    let mut object = json::from_str(object).unwrap();
    object.set("apiVersion", "v1");
    object.set("kind", resource.kind.kind.clone());
    tollgate_objects::defaults::set_defaults(&resource.kind, &mut object);
    let before = operations::so_far();
    let answer = create(&call, object, &WriteOptions::default()).await;
    assert!(answer.is_ok(), "{:?}", answer.err());
    operations::so_far() - before
}

fn pod(name: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"containers":[{{"name":"c","image":"i"}}]}}}}"#
    )
}

/// A namespace with every policy and so many pods; what one pod more costs there.
async fn cost_among(api: &Api, namespace: &str, pods: usize) -> u64 {
    let labelled = format!(
        r#"{{"metadata":{{"name":"{namespace}","labels":{{"pod-security.kubernetes.io/enforce":"baseline"}}}}}}"#
    );
    made(api, "", "namespaces", &labelled).await;
    let account = r#"{"metadata":{"name":"default"}}"#;
    made(api, namespace, "serviceaccounts", account).await;
    made(api, namespace, "limitranges", RANGE).await;
    made(api, namespace, "pods", &pod("first")).await;
    let snapshot = api.store.snapshot();
    let first = snapshot.get(Key::new("", "pods", namespace, "first").as_str());
    let text = String::from_utf8(first.unwrap().value.to_vec()).unwrap();
    let mut copies = (1..pods).map(|number| {
        let name = format!("copy-{number}");
        let named = format!(r#""name":"{name}""#);
        let value = text.replacen(r#""name":"first""#, &named, 1);
        Write::Put {
            key: Key::new("", "pods", namespace, &name),
            value: value.into(),
        }
    });
    let copies: Vec<Write> = copies.by_ref().collect();
    api.store.transact(&mut |_| copies.clone()).unwrap();
    // The quota counts what is there when it comes.
    made(api, namespace, "resourcequotas", QUOTA).await;
    made(api, namespace, "pods", &pod("one-more")).await;
    made(api, namespace, "pods", &pod("measured")).await
}

#[tokio::test]
async fn a_pod_among_very_many_costs_what_it_costs_among_few() {
    let pods = std::env::var_os("TOLLGATE_PODS").and_then(|pods| pods.into_string().ok());
    let pods = pods.and_then(|pods| pods.parse().ok()).unwrap_or(PODS);
    let api = in_process::api();
    let few = cost_among(&api, "few", 10).await;
    let many = cost_among(&api, "many", pods).await;
    assert_eq!(few, many);
    assert!(few > 0);
    let quota = Key::new("", "resourcequotas", "many", "q");
    let quota = api.store.snapshot().get(quota.as_str()).cloned();
    let text = String::from_utf8(quota.unwrap().value.to_vec()).unwrap();
    let used = format!(r#""pods":"{}""#, pods + 2);
    assert!(text.contains(&used), "{text}");
}
