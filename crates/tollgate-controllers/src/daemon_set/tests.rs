//! Decisions of the controller, as tables.

use super::backoff::Failures;
use super::node::Node;
use super::plan::{Plan, Situation, plan};
use super::{rolling, status};
use crate::driver::Cached;
use std::sync::Arc;
use tollgate_api::client::Stored;
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

const NOW: i64 = 1_800_000_000;

fn cached(json: String, is_pod: bool) -> Arc<Cached> {
    let stored = Stored {
        json: json.into_bytes().into(),
        revision: 1,
    };
    Arc::new(Cached::new(&stored, is_pod).unwrap())
}

fn set(strategy: &str) -> Arc<Cached> {
    cached(
        format!(
            r#"{{"metadata":{{"name":"agent","namespace":"n","uid":"u","generation":2}},"spec":{{"selector":{{"matchLabels":{{"a":"b"}}}},
            "template":{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"nodeSelector":{{"use":"yes"}}}}}},"updateStrategy":{strategy}}}}}"#
        ),
        false,
    )
}

fn node(name: &str, is_chosen: bool) -> Arc<Node> {
    let choice = if is_chosen { "yes" } else { "no" };
    let node = cached(
        format!(r#"{{"metadata":{{"name":"{name}","labels":{{"use":"{choice}"}}}}}}"#),
        false,
    );
    Arc::new(Node::of(&node).unwrap())
}

/// `name node hash state`, where the state is `ready`, `pending`, `bound` (not scheduled), `failed`, `done` or `dying`.
fn pod(words: &str) -> Arc<Cached> {
    let words: Vec<&str> = words.split(' ').collect();
    let [name, node, hash, state] = words[..] else {
        panic!("four words are needed");
    };
    let since = Timestamp::from_unix_seconds(NOW - 60);
    let (phase, ready) = match state {
        "ready" => ("Running", "True"),
        "failed" => ("Failed", "False"),
        "done" => ("Succeeded", "False"),
        _ => ("Pending", "False"),
    };
    let deleted = if state == "dying" {
        format!(r#","deletionTimestamp":"{since}""#)
    } else {
        String::new()
    };
    let place = if state == "bound" {
        format!(
            r#""affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":[{{"matchFields":[{{"key":"metadata.name","operator":"In","values":["{node}"]}}]}}]}}}}}}"#
        )
    } else {
        format!(r#""nodeName":"{node}""#)
    };
    cached(
        format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n","labels":{{"controller-revision-hash":"{hash}"}}{deleted}}},"spec":{{{place}}},
            "status":{{"phase":"{phase}","conditions":[{{"type":"Ready","status":"{ready}","lastTransitionTime":"{since}"}}]}}}}"#
        ),
        true,
    )
}

fn with<T>(
    strategy: &str,
    nodes: &[&str],
    pods: &[&str],
    ask: impl FnOnce(&Situation<'_>) -> T,
) -> T {
    let cached = set(strategy);
    let object = cached.object().unwrap();
    let nodes: Vec<Arc<Node>> = nodes
        .iter()
        .map(|name| node(name, !name.starts_with("other")))
        .collect();
    let pods = pods.iter().map(|text| pod(text)).collect();
    let now = Timestamp::from_unix_seconds(NOW);
    ask(&Situation::new(
        &cached,
        &object,
        (&nodes, pods),
        "new",
        now,
    ))
}

const ROLLING: &str =
    r#"{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":0}}"#;
const SURGING: &str =
    r#"{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":0,"maxSurge":1}}"#;

#[track_caller]
fn check(found: &Plan, create: &[&str], delete: &[&str]) {
    let names = |names: &[&str]| -> Vec<CompactString> {
        names.iter().map(|name| CompactString::new(name)).collect()
    };
    assert_eq!(found.create, names(create));
    assert_eq!(found.delete, names(delete));
}

fn words(text: &str) -> Vec<&str> {
    text.split(' ').filter(|word| !word.is_empty()).collect()
}

fn pods(text: &str) -> Vec<&str> {
    text.split(", ").filter(|pod| !pod.is_empty()).collect()
}

/// Nodes, their pods, the nodes that get a pod, and the pods that go.
type Case = (&'static str, &'static str, &'static str, &'static str);

#[track_caller]
fn check_nodes(strategy: &str, cases: &[Case]) {
    for (nodes, on_nodes, create, delete) in cases {
        let found = with(strategy, &words(nodes), &pods(on_nodes), |situation| {
            plan(situation, &mut Failures::default())
        });
        check(&found, &words(create), &words(delete));
    }
}

#[track_caller]
fn check_update(strategy: &str, cases: &[(&str, &str, &str)]) {
    for (on_nodes, create, delete) in cases {
        let found = with(strategy, &["a", "b"], &pods(on_nodes), rolling::plan);
        check(&found, &words(create), &words(delete));
    }
}

#[test]
fn every_chosen_node_gets_one_pod() {
    let cases = [
        ("a b other", "", "a b", ""),
        ("a b", "p a new pending", "b", ""),
        ("a", "p a old bound", "", ""),
        ("a", "p a new ready, q a new ready", "", "q"),
        ("a", "p a new bound, q a new ready", "", "p"),
        ("a", "p a new dying", "", ""),
        ("other", "p other new ready", "", "p"),
        ("", "p gone new bound, q gone new ready", "", "p"),
    ];
    check_nodes(ROLLING, &cases);
    let cases = [
        ("a", "p a new dying", "a", ""),
        ("a", "p a old ready, q a new pending", "", ""),
        ("a", "p a old ready, q a new ready", "", "p"),
        ("a", "p a old pending, q a new pending", "", "p"),
    ];
    check_nodes(SURGING, &cases);
}

#[test]
fn pods_that_have_ended_are_deleted_and_people_are_told() {
    let mut failures = Failures::default();
    let pods = ["p a new failed", "q b new done"];
    let found = with(ROLLING, &["a", "b"], &pods, |situation| {
        plan(situation, &mut failures)
    });
    check(&found, &[], &["p", "q"]);
    assert_eq!(
        found.tell,
        [
            (
                true,
                "FailedDaemonPod",
                "Found failed daemon pod n/p on node a, will try to kill it".to_owned()
            ),
            (
                false,
                "SucceededDaemonPod",
                "Found succeeded daemon pod n/q on node b, will try to delete it".to_owned()
            ),
        ]
    );
    let found = with(ROLLING, &["a"], &["r a new failed"], |situation| {
        plan(situation, &mut failures)
    });
    check(&found, &[], &[]);
    assert_eq!(found.again, Some(1));
}

#[test]
fn an_update_replaces_few_enough_pods_at_a_time() {
    let cases = [
        ("p a old ready, q b old ready", "", "p"),
        ("p a new pending, q b old ready", "", ""),
        ("p a old pending, q b old ready", "", "p q"),
        ("p a new ready, q b new ready", "", ""),
        ("p a old dying, q b old ready", "", ""),
    ];
    check_update(ROLLING, &cases);
    let half = r#"{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"50%","maxSurge":0}}"#;
    check_update(half, &[("p a old ready, q b old ready", "", "p")]);
    let none = r#"{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":0,"maxSurge":0}}"#;
    check_update(none, &[("p a old ready, q b old ready", "", "p")]);
}

#[test]
fn an_update_that_surges_makes_the_new_pod_first() {
    let cases = [
        ("p a old ready, q b old ready", "a", ""),
        ("p a old ready, r a new pending, q b old ready", "", ""),
        ("p a old ready, r a new ready, q b old ready", "b", "p"),
        ("p a old pending, q b new ready", "a", ""),
    ];
    check_update(SURGING, &cases);
}

#[test]
fn the_status_counts_the_oldest_pod_of_each_node() {
    let pods = [
        "p a new ready",
        "q b old pending",
        "r other new ready",
        "s a old pending",
    ];
    let written = with(ROLLING, &["a", "b", "c", "other"], &pods, |situation| {
        status::of(situation.set, &status::count(situation), 0)
    });
    let expected = r#"{"currentNumberScheduled":2,"numberMisscheduled":1,"desiredNumberScheduled":3,"numberReady":1,
        "observedGeneration":2,"updatedNumberScheduled":1,"numberAvailable":1,"numberUnavailable":2}"#;
    let expected: Value = tollgate_api::json::from_str(expected).unwrap();
    assert_eq!(written, expected);
}
