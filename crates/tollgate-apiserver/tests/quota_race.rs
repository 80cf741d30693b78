//! Quotas under many writers at once: exactly as many objects as there is room for, and never a wrong word.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;
mod writing;

use in_process::api;
use std::sync::Arc;
use tollgate_apiserver::storage::Key;
use tollgate_apiserver::verbs::{Api, record};
use writing::write;

const CREATES: usize = 1_000;
const WRITERS: usize = 64;
const ROOM: usize = 100;

fn used(api: &Api) -> String {
    let key = Key::new("", "resourcequotas", "race", "q");
    let snapshot = api.store.snapshot();
    let quota = record::parse(&snapshot.get(key.as_str()).unwrap().value, 0).unwrap();
    let used = quota.at(&["status", "used", "pods"]).unwrap();
    used.as_str().unwrap().to_owned()
}

/// Creates its share of the pods: what came of each.
async fn create_pods(api: Arc<Api>, writer: usize) -> Vec<(usize, u16, String)> {
    let mut outcomes = Vec::new();
    for number in (writer..CREATES).step_by(WRITERS) {
        let pod = format!(
            r#"{{"metadata":{{"name":"p{number}"}},"spec":{{"containers":[{{"name":"c","image":"i"}}]}}}}"#
        );
        let (code, message) = write(&api, "race", "pods", "", Some(&pod)).await;
        outcomes.push((number, code, message));
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_as_many_pods_as_there_is_room_for() {
    let api = Arc::new(api());
    for (plural, object) in [
        ("namespaces", r#"{"metadata":{"name":"race"}}"#),
        ("serviceaccounts", r#"{"metadata":{"name":"default"}}"#),
        (
            "resourcequotas",
            r#"{"metadata":{"name":"q"},"spec":{"hard":{"pods":"100"}}}"#,
        ),
    ] {
        let made = write(&api, "race", plural, "", Some(object)).await;
        assert_eq!(made, (200, String::new()));
    }
    assert_eq!(used(&api), "0");
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(create_pods(Arc::clone(&api), writer)))
        .collect();
    let mut made = Vec::new();
    let mut refused = 0;
    for writer in writers {
        for (number, code, message) in writer.await.unwrap() {
            if code == 200 {
                made.push(number);
                continue;
            }
            let expected = format!(
                "pods \"p{number}\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=100, limited: pods=100"
            );
            assert_eq!(message, expected);
            refused += 1;
        }
    }
    assert_eq!((made.len(), refused), (ROOM, CREATES - ROOM));
    assert_eq!(used(&api), "100");
    for number in made {
        let gone = write(&api, "race", "pods", &format!("p{number}"), None).await;
        assert_eq!(gone, (200, String::new()));
    }
    assert_eq!(used(&api), "0");
}
