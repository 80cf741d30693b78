//! Decisions of the controller, as tables.

use super::plan::{Plan, Situation, Step, Version, plan};
use super::set::Set;
use super::status;
use crate::driver::Cached;
use std::sync::Arc;
use tollgate_api::client::Stored;
use tollgate_api::{Timestamp, Value, json};

const NOW: i64 = 1_800_000_000;

/// `ordinal revision state`, where the state is `ready`, `fresh` (ready a second ago), `running`, `pending`, `failed`, `done`,
/// `dying`.
fn pod(text: &str) -> (i64, Arc<Cached>) {
    let words: Vec<&str> = text.split(' ').collect();
    let [ordinal, revision, state] = words[..] else {
        panic!("three words are needed");
    };
    let phase = match state {
        "pending" => "Pending",
        "failed" => "Failed",
        "done" => "Succeeded",
        _ => "Running",
    };
    let ready = if matches!(state, "ready" | "fresh") {
        "True"
    } else {
        "False"
    };
    let ago = if state == "fresh" { 1 } else { 3600 };
    let since = Timestamp::from_unix_seconds(NOW - ago);
    let deleted = if state == "dying" {
        format!(r#","deletionTimestamp":"{since}""#)
    } else {
        String::new()
    };
    let text = format!(
        r#"{{"metadata":{{"name":"web-{ordinal}","namespace":"n","labels":{{"controller-revision-hash":"{revision}"}}{deleted}}},
        "status":{{"phase":"{phase}","conditions":[{{"type":"Ready","status":"{ready}","lastTransitionTime":"{since}"}}]}}}}"#
    );
    let stored = Stored {
        json: text.into_bytes().into(),
        revision: 1,
    };
    let cached = Cached::new(&stored, true).unwrap();
    (ordinal.parse().unwrap(), Arc::new(cached))
}

fn with<T>(spec: &str, pods: &str, ask: impl FnOnce(&mut Situation<'_>) -> T) -> T {
    let text = format!(
        r#"{{"metadata":{{"name":"web","generation":3}},"spec":{{{spec}}},"status":{{"currentReplicas":1}}}}"#
    );
    let object = json::from_str(&text).unwrap();
    let version = |name: &str| Version {
        name: name.into(),
        template: Value::object(),
    };
    let set = Set::of(&object);
    let pods = pods.split(", ").filter(|text| !text.is_empty()).map(pod);
    let (current, update) = (version("old"), version("new"));
    ask(&mut Situation {
        set: &set,
        pods: pods.collect(),
        current: &current,
        update: &update,
        stale: Vec::new(),
        unfit: Vec::new(),
        now: Timestamp::from_unix_seconds(NOW),
    })
}

fn steps(plan: &Plan) -> String {
    let all = [&plan.keep, &plan.claims, &plan.shrink, &plan.update];
    let words: Vec<String> = all
        .into_iter()
        .flatten()
        .map(|step| match step {
            Step::Create(ordinal) => format!("+{ordinal}"),
            Step::CreateClaims(ordinal) => format!("claims {ordinal}"),
            Step::Delete(ordinal) => format!("-{ordinal}"),
            Step::Mend(ordinal) => format!("mend {ordinal}"),
            Step::MendClaims(ordinal) => format!("mend claims {ordinal}"),
        })
        .collect();
    words.join(", ")
}

#[track_caller]
fn check(spec: &str, cases: &[(&str, &str)]) {
    for (pods, expected) in cases {
        let found = with(spec, pods, |situation| steps(&plan(situation)));
        assert_eq!(found, *expected, "{spec}: {pods}");
    }
}

#[test]
fn pods_are_made_and_deleted_in_order() {
    check(
        r#""replicas":3"#,
        &[
            ("", "+0"),
            ("0 new pending", "claims 0"),
            ("0 new running", ""),
            ("0 new ready", "+1"),
            ("0 new ready, 2 new ready", "+1"),
            ("0 new failed, 1 new ready, 2 new ready", "-0"),
            ("0 new done, 1 new ready, 2 new ready", "-0"),
            ("0 new dying, 1 new ready", ""),
            ("0 new ready, 1 new ready, 2 new ready", ""),
        ],
    );
    check(
        r#""replicas":1"#,
        &[
            ("0 new ready, 1 new ready, 2 new ready", "-2"),
            ("0 new ready, 1 new ready, 2 new dying", ""),
            ("0 new ready, 1 new running, 2 new ready", "-2"),
            ("0 new ready, 1 new running, 2 new running", ""),
            ("0 new ready, 1 new ready, 2 new running", "-2"),
            ("0 new running, 1 new ready", ""),
        ],
    );
    check(
        r#""replicas":2,"ordinals":{"start":5}"#,
        &[
            ("", "+5"),
            ("5 new ready", "+6"),
            ("4 new ready, 5 new ready, 6 new ready", "-4"),
        ],
    );
    check(
        r#""replicas":2,"minReadySeconds":10"#,
        &[("0 new fresh", ""), ("0 new ready", "+1")],
    );
}

#[test]
fn pods_of_a_parallel_set_do_not_wait_for_each_other() {
    check(
        r#""replicas":3,"podManagementPolicy":"Parallel""#,
        &[
            ("", "+0, +1, +2"),
            ("0 new pending, 1 new failed", "claims 0, -1, +2"),
            (
                "0 new ready, 1 new ready, 2 new ready, 3 new ready, 4 new running, 5 new dying",
                "-4, -3",
            ),
        ],
    );
}

#[test]
fn an_update_goes_from_the_highest_pod_down() {
    let rolling = |rest: &str| {
        format!(
            r#""replicas":3,"updateStrategy":{{"type":"RollingUpdate","rollingUpdate":{{{rest}}}}}"#
        )
    };
    check(
        &rolling(""),
        &[
            ("0 old ready, 1 old ready, 2 old ready", "-2"),
            ("0 old ready, 1 old ready, 2 new running", ""),
            ("0 old ready, 1 old ready, 2 new ready", "-1"),
            ("0 new ready, 1 new ready, 2 new ready", ""),
        ],
    );
    check(
        &rolling(r#""partition":2"#),
        &[
            ("0 old ready, 1 old ready, 2 new ready", ""),
            ("0 old ready, 1 old ready, 2 old ready", "-2"),
        ],
    );
    check(
        &rolling(r#""maxUnavailable":2"#),
        &[("0 old ready, 1 old ready, 2 old ready", "-2, -1")],
    );
    check(
        r#""replicas":1,"updateStrategy":{"type":"OnDelete"}"#,
        &[("0 old ready", "")],
    );
}

#[test]
fn what_is_unfit_is_mended_and_what_is_stale_is_waited_for() {
    let found = with(
        r#""replicas":2"#,
        "0 new ready, 1 new ready, 2 new ready",
        |situation| {
            situation.unfit = vec![0, 2];
            steps(&plan(situation))
        },
    );
    assert_eq!(found, "mend 0, mend claims 2, -2");
    let found = with(r#""replicas":1"#, "", |situation| {
        situation.stale = vec![0];
        steps(&plan(situation))
    });
    assert_eq!(found, "");
}

#[test]
fn a_new_pod_gets_the_old_template_below_the_partition() {
    for (strategy, expected) in [
        (r#"{"type":"RollingUpdate"}"#, "old new new"),
        (
            r#"{"type":"RollingUpdate","rollingUpdate":{"partition":2}}"#,
            "old old new",
        ),
        (
            r#"{"type":"RollingUpdate","rollingUpdate":{}}"#,
            "new new new",
        ),
        (r#"{"type":"OnDelete"}"#, "new new new"),
    ] {
        let spec = format!(r#""replicas":3,"ordinals":{{"start":4}},"updateStrategy":{strategy}"#);
        let found = with(&spec, "", |situation| {
            let names: Vec<&str> = (4..7)
                .map(|ordinal| situation.version(ordinal).name.as_str())
                .collect();
            names.join(" ")
        });
        assert_eq!(found, expected, "{strategy}");
    }
}

#[test]
fn the_status_counts_pods_and_ends_an_update() {
    let counts = |pods: &str, leaving: i64| {
        with(r#""replicas":2"#, pods, |situation| {
            json::to_string(&status::of(situation, 0, leaving))
        })
    };
    assert_eq!(
        counts("0 old ready, 1 new running", 0),
        r#"{"currentReplicas":1,"replicas":2,"availableReplicas":1,"currentRevision":"old","updateRevision":"new","collisionCount":0,"observedGeneration":3,"readyReplicas":1,"updatedReplicas":1}"#
    );
    assert_eq!(
        counts("0 old ready, 1 old ready", 1),
        r#"{"currentReplicas":1,"replicas":2,"availableReplicas":2,"currentRevision":"old","updateRevision":"new","collisionCount":0,"observedGeneration":3,"readyReplicas":2}"#
    );
    assert_eq!(
        counts("0 new ready, 1 new ready", 0),
        r#"{"currentReplicas":2,"replicas":2,"availableReplicas":2,"currentRevision":"new","updateRevision":"new","collisionCount":0,"observedGeneration":3,"readyReplicas":2,"updatedReplicas":2}"#
    );
}
