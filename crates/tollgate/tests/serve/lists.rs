//! Lists that are read in pieces.

use super::running::Running;
use serde_json::json;
use tollgate_testkit::client::Request;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
/// After so many tries something is wrong.
const TRIES_MAX: usize = 100_000;

#[test]
fn a_list_whose_state_is_forgotten_can_go_on_with_another() {
    let server = Running::start("lists", &["--etcd-compaction-interval=20ms"]);
    let create = |name: &str| server.create(CONFIG_MAPS, &json!({"metadata": {"name": name}}));
    for name in ["a", "b", "d"] {
        create(name);
    }
    let first = server.get(&format!("{CONFIG_MAPS}?limit=1"));
    assert_eq!(first["metadata"]["remainingItemCount"], 2);
    let token = first["metadata"]["continue"].as_str().unwrap();
    create("c");
    let rest = format!("{CONFIG_MAPS}?limit=2&continue={token}");
    let answers = (0..TRIES_MAX).map(|_| server.send(&Request::new("GET", &rest)));
    let expired = answers.into_iter().find(|answer| answer.status != 200);
    let expired = expired.unwrap();
    assert_eq!(expired.status, 410, "{}", expired.text());
    let status = expired.json();
    assert_eq!(status["reason"], "Expired");
    assert_eq!(status["details"], serde_json::Value::Null);
    let message = status["message"].as_str().unwrap();
    let words = "use the continue token in this response to retrieve the remainder of the results";
    assert!(message.contains(words), "{message}");
    let other = status["metadata"]["continue"].as_str().unwrap();
    assert_ne!(other, token);
    let rest = server.get(&format!("{CONFIG_MAPS}?limit=2&continue={other}"));
    let names: Vec<&str> = rest["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect();
    // What came meanwhile is in it.
    assert_eq!(names, ["b", "c"]);
    assert_eq!(rest["metadata"]["remainingItemCount"], 1);
}
