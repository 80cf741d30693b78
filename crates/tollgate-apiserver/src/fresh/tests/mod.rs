//! A fresh cluster against what a real server of 1.36 wrote.

use super::{Surroundings, Writer, api_services, fill, flow_control, identity};
use crate::environment::fixed::Fixed;
use crate::resources::{built_in, measured};
use crate::storage::{Key, MemoryStore, Snapshot, Store, Write};
use crate::verbs::record;
use std::net::SocketAddr;
use std::sync::Arc;
use tollgate_api::usage_source::UsageSource;
use tollgate_api::{Timestamp, Value, json};

const RECORDED: &str = include_str!("recorded.json");

fn surroundings(port: u16) -> Surroundings {
    Surroundings {
        reached: SocketAddr::from(([192, 0, 2, 7], port)),
        hostname: "h".to_owned(),
        client_authorities: "PEM".to_owned(),
        unannounced: vec![("policy", "v1beta1")],
    }
}

async fn fresh(port: u16) -> MemoryStore {
    let store = MemoryStore::default();
    refill(&store, port).await;
    store
}

async fn refill(store: &MemoryStore, port: u16) {
    let catalog = built_in().unwrap();
    fill(store, &Fixed::default(), &catalog, &surroundings(port))
        .await
        .unwrap();
}

/// What is recorded as a mask is any text, and `<port>` and `<advertise-address>` are known.
fn agree(found: &Value, recorded: &Value, path: &str) {
    match (found, recorded) {
        (Value::Object(found), Value::Object(recorded)) => {
            let keys = |of: &tollgate_api::value::Object| {
                let mut keys: Vec<String> = of.keys().map(str::to_owned).collect();
                keys.sort();
                keys.retain(|key| key != "resourceVersion");
                keys
            };
            assert_eq!(keys(found), keys(recorded), "{path}");
            for (key, value) in found.iter() {
                if let Some(recorded) = recorded.get(key) {
                    agree(value, recorded, &format!("{path}.{key}"));
                }
            }
        }
        (Value::Array(found), Value::Array(recorded)) => {
            assert_eq!(found.len(), recorded.len(), "{path}");
            for (found, recorded) in found.iter().zip(recorded) {
                agree(found, recorded, path);
            }
        }
        (_, Value::String(text)) if text == "<port>" => {
            assert_eq!(found.as_i64(), Some(7443), "{path}");
        }
        (Value::String(found), Value::String(recorded)) if recorded.contains('<') => {
            if recorded.contains("<advertise-address>") {
                assert!(found.contains("192.0.2.7"), "{path}: {found}");
            }
            assert!(!found.is_empty(), "{path}");
        }
        _ => assert_eq!(found, recorded, "{path}"),
    }
}

fn at(head: &Snapshot, group: &str, plural: &str, object: &Value) -> Value {
    let metadata = object.get("metadata").unwrap();
    let mut name = metadata.str_or_empty("name").to_owned();
    if name == "apiserver-<id>" {
        name = identity::lease_name("h");
    }
    let key = Key::new(group, plural, metadata.str_or_empty("namespace"), &name);
    let found = head
        .get(key.as_str())
        .unwrap_or_else(|| panic!("no {}", key.as_str()));
    let mut found = record::parse(&found.value, 0).unwrap();
    found.remove("kind");
    found.remove("apiVersion");
    found
}

fn count(head: &Snapshot, group: &str, plural: &str) -> usize {
    head.range(&Key::prefix(group, plural, None)).count()
}

#[tokio::test]
async fn a_fresh_cluster_has_the_objects_that_were_recorded() {
    let store = fresh(7443).await;
    let head = store.snapshot();
    let recorded = json::from_str(RECORDED).unwrap();
    for (resource, recorded) in recorded.as_object().unwrap().iter() {
        let (version, plural) = resource.split_once(' ').unwrap();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        if let Some(all) = recorded.as_array() {
            assert_eq!(count(&head, group, plural), all.len(), "{resource}");
            for object in all {
                agree(&at(&head, group, plural, object), object, resource);
            }
        } else if let Some(first) = recorded.get("first") {
            agree(&at(&head, group, plural, first), first, resource);
            let all = recorded
                .get("groupPriorityMinimum, versionPriority")
                .unwrap();
            let all = all.as_object().unwrap();
            assert_eq!(count(&head, group, plural), all.len(), "{resource}");
            for (name, numbers) in all.iter() {
                let found = head.get(Key::new(group, plural, "", name).as_str());
                let found = record::parse(&found.expect(name).value, 0).unwrap();
                let spec = found.get("spec").unwrap();
                let shown = ["groupPriorityMinimum", "versionPriority"].map(|key| spec.int(key));
                assert_eq!(Value::from(shown.to_vec()), *numbers, "{name}");
            }
        } else {
            let prefix = Key::prefix(group, plural, None);
            let names: Vec<&str> = head.range(&prefix).map(|(key, _)| key.name()).collect();
            let names = Value::from(names);
            assert_eq!(Some(&names), recorded.get("names"), "{resource}");
        }
    }
}

#[tokio::test]
async fn another_start_changes_only_what_became_different() {
    let store = fresh(7443).await;
    let before = store.snapshot();
    refill(&store, 7444).await;
    let after = store.snapshot();
    let changed: Vec<&str> = after
        .range("")
        .filter(|(key, found)| {
            let old = before.get(key.as_str());
            old.is_none_or(|old| old.value != found.value)
        })
        .map(|(key, _)| key.as_str())
        .collect();
    let lease = format!(
        "coordination.k8s.io/leases/kube-system/{}",
        identity::lease_name("h")
    );
    assert_eq!(
        changed,
        [
            "/endpoints/default/kubernetes",
            "/services/default/kubernetes",
            lease.as_str(),
            "discovery.k8s.io/endpointslices/default/kubernetes",
        ]
    );
}

#[test]
fn a_lease_has_the_name_that_upstream_gives_it() {
    // 16 bytes of the digest are 26 letters in base 32.
    assert_eq!(identity::lease_name("h").len(), "apiserver-".len() + 26);
    assert_eq!(
        identity::lease_name("kind-control-plane"),
        "apiserver-c4vwjftbvpc5os2vvzle4qg27a"
    );
}

#[tokio::test]
async fn leases_of_servers_that_are_long_gone_are_removed() {
    let store = fresh(7443).await;
    let text = |name: &str, time: &str| {
        Write::Put {
        key: Key::new("coordination.k8s.io", "leases", "kube-system", name),
        value: format!(
            r#"{{"kind":"Lease","metadata":{{"name":"{name}","labels":{{"apiserver.kubernetes.io/identity":"kube-apiserver"}}}},
                "spec":{{"leaseDurationSeconds":3600,"renewTime":"{time}"}}}}"#
        )
        .into(),
    }
    };
    let mut writes = vec![
        text("apiserver-gone", "2026-01-15T10:00:00.000000Z"),
        text("apiserver-lives", "2026-01-15T11:59:00.000000Z"),
    ];
    let _ = store
        .transact(&mut |_| std::mem::take(&mut writes))
        .unwrap()
        .durable()
        .await;
    refill(&store, 7443).await;
    let prefix = Key::prefix("coordination.k8s.io", "leases", None);
    let head = store.snapshot();
    let names: Vec<&str> = head.range(&prefix).map(|(key, _)| key.name()).collect();
    assert!(names.contains(&"apiserver-lives"), "{names:?}");
    assert!(!names.contains(&"apiserver-gone"), "{names:?}");
}

fn put(store: &MemoryStore, group: &str, plural: &str, name: &str, text: &str) {
    let key = Key::new(group, plural, "", name);
    let value = bytes::Bytes::from(text.to_owned());
    let mut writes = vec![Write::Put { key, value }];
    let _ = store
        .transact(&mut |_| std::mem::take(&mut writes))
        .unwrap();
}

#[tokio::test]
async fn a_schema_without_its_level_says_so() {
    let store = fresh(7443).await;
    let schema = r#"{"kind":"FlowSchema","apiVersion":"flowcontrol.apiserver.k8s.io/v1","metadata":{"name":"mine"},
        "spec":{"priorityLevelConfiguration":{"name":"nothing"},"matchingPrecedence":1000},"status":{}}"#;
    put(
        &store,
        crate::flow_control::GROUP,
        "flowschemas",
        "mine",
        schema,
    );
    let catalog = built_in().unwrap();
    let environment = Fixed::default();
    let writer = Writer::new(&environment, &catalog);
    let head = store.snapshot();
    let writes = flow_control::conditions(&writer, &head);
    let [Write::Put { value, .. }] = writes.as_slice() else {
        panic!("{writes:?}");
    };
    let found = record::parse(value, 0).unwrap();
    let condition = &found.get("status").unwrap().items("conditions")[0];
    assert_eq!(condition.str("status"), Some("True"));
    assert_eq!(
        condition.str("message"),
        Some(
            "This FlowSchema references the PriorityLevelConfiguration object named \"nothing\" but there is no such object"
        )
    );
}

#[tokio::test]
async fn what_somebody_made_their_own_is_left_alone() {
    let store = fresh(7443).await;
    let level = r#"{"kind":"PriorityLevelConfiguration","apiVersion":"flowcontrol.apiserver.k8s.io/v1",
        "metadata":{"name":"system","generation":2,"annotations":{"apf.kubernetes.io/autoupdate-spec":"ANSWER"}},
        "spec":{"type":"Limited","limited":{"nominalConcurrencyShares":1,"limitResponse":{"type":"Reject"}}},"status":{}}"#;
    for (answer, shares) in [("false", 1), ("true", 30)] {
        let level = level.replace("ANSWER", answer);
        put(
            &store,
            crate::flow_control::GROUP,
            "prioritylevelconfigurations",
            "system",
            &level,
        );
        refill(&store, 7443).await;
        let head = store.snapshot();
        let key = Key::new(
            crate::flow_control::GROUP,
            "prioritylevelconfigurations",
            "",
            "system",
        );
        let found = record::parse(&head.get(key.as_str()).unwrap().value, 0).unwrap();
        let found = found.at(&["spec", "limited", "nominalConcurrencyShares"]);
        assert_eq!(found.and_then(Value::as_i64), Some(shares), "{answer}");
    }
}

#[tokio::test]
async fn api_services_of_definitions_come_and_go_with_them() {
    let store = fresh(7443).await;
    let definition = r#"{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","metadata":{"name":"as.x.y"},
        "spec":{"group":"x.y","versions":[{"name":"v1","served":true},{"name":"v0","served":false}]}}"#;
    put(
        &store,
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "as.x.y",
        definition,
    );
    refill(&store, 7443).await;
    let key = Key::new("apiregistration.k8s.io", "apiservices", "", "v1.x.y");
    let head = store.snapshot();
    let found = record::parse(&head.get(key.as_str()).unwrap().value, 0).unwrap();
    assert_eq!(
        found.get("spec").unwrap(),
        &json::from_str(
            r#"{"group":"x.y","version":"v1","groupPriorityMinimum":1000,"versionPriority":100}"#
        )
        .unwrap()
    );
    assert!(
        head.get("apiregistration.k8s.io/apiservices//v0.x.y")
            .is_none()
    );
    let definition = Key::new(
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "",
        "as.x.y",
    );
    let mut writes = vec![Write::Delete { key: definition }];
    let _ = store
        .transact(&mut |_| std::mem::take(&mut writes))
        .unwrap();
    let catalog = built_in().unwrap();
    let environment = Fixed::default();
    let writer = Writer::new(&environment, &catalog);
    let writes = api_services::settle_all(&writer, &store.snapshot(), &[("policy", "v1beta1")]);
    assert_eq!(writes, [Write::Delete { key }]);
}

/// Says nothing; it is there.
#[derive(Debug)]
struct Silent;

impl UsageSource for Silent {
    fn measures(&self, _: &str) -> bool {
        false
    }

    fn pod(&self, _: &Value, _: Timestamp) -> Option<Value> {
        None
    }

    fn node(&self, _: &Value, _: &mut dyn Iterator<Item = Value>, _: Timestamp) -> Value {
        Value::Null
    }
}

#[tokio::test]
async fn what_is_measured_is_told_of_as_long_as_somebody_measures() {
    let store = fresh(7443).await;
    let source: Arc<dyn UsageSource> = Arc::new(Silent);
    let catalog = built_in().unwrap().with_group(measured::group(&source));
    let environment = Fixed::default();
    fill(&store, &environment, &catalog, &surroundings(7443))
        .await
        .unwrap();
    let service = Key::new(
        "apiregistration.k8s.io",
        "apiservices",
        "",
        "v1beta1.metrics.k8s.io",
    );
    let reader = Key::new(
        "rbac.authorization.k8s.io",
        "clusterroles",
        "",
        "system:aggregated-metrics-reader",
    );
    let head = store.snapshot();
    let found = head.get(service.as_str()).unwrap();
    let found = record::parse(&found.value, 0).unwrap();
    assert_eq!(
        found.get("spec").unwrap().to_string(),
        r#"{"group":"metrics.k8s.io","version":"v1beta1","groupPriorityMinimum":100,"versionPriority":100}"#
    );
    assert!(head.get(reader.as_str()).is_some());
    refill(&store, 7443).await;
    let head = store.snapshot();
    assert!(head.get(service.as_str()).is_none());
    assert!(head.get(reader.as_str()).is_some());
}
