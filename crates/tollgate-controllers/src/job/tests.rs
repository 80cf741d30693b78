//! Decisions of the controller, as tables.

use super::backoff::Record;
use super::pod::JobPod;
use super::spec::Spec;
use super::survey::Survey;
use super::track;
use super::work::{self, Work};
use crate::driver::Cached;
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::Stored;
use tollgate_api::{Timestamp, Value, json};

const NOW: i64 = 1_800_000_000;

/// `name state [index [failures]]`, where the state is `running`, `ready`, `pending`, `failed`, `old` (failed long ago),
/// `done`, `dying`, `counted` (done, without the finalizer).
fn pod(words: &str, spec: &Spec<'_>) -> JobPod {
    let words: Vec<&str> = words.split(' ').collect();
    let (name, state) = (words[0], words[1]);
    let time = |ago: i64| Timestamp::from_unix_seconds(NOW - ago).to_string();
    let phase = match state {
        "pending" => "Pending",
        "failed" | "old" => "Failed",
        "done" | "counted" => "Succeeded",
        _ => "Running",
    };
    let ended = if state == "old" { time(3600) } else { time(0) };
    let finalizers = match state {
        "counted" => "",
        _ => r#""batch.kubernetes.io/job-tracking""#,
    };
    let deleted = match state {
        "dying" => format!(r#","deletionTimestamp":"{}""#, time(0)),
        _ => String::new(),
    };
    let labels = words.get(2).map_or(String::new(), |index| {
        format!(r#","labels":{{"batch.kubernetes.io/job-completion-index":"{index}"}}"#)
    });
    let failures = words.get(3).map_or(String::new(), |count| {
        format!(r#","annotations":{{"batch.kubernetes.io/job-index-failure-count":"{count}"}}"#)
    });
    let ready = if state == "ready" { "True" } else { "False" };
    let code = i32::from(phase == "Failed");
    let container = match phase {
        "Failed" | "Succeeded" => {
            format!(r#"{{"terminated":{{"exitCode":{code},"finishedAt":"{ended}"}}}}"#)
        }
        _ => "{}".to_owned(),
    };
    let text = format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"n","uid":"{name}","finalizers":[{finalizers}],"creationTimestamp":"{}"{deleted}{labels}{failures}}},
        "spec":{{"nodeName":"node"}},"status":{{"phase":"{phase}","conditions":[{{"type":"Ready","status":"{ready}","lastTransitionTime":"{ended}"}}],
        "containerStatuses":[{{"name":"main","restartCount":2,"state":{container}}}]}}}}"#,
        time(7200)
    );
    let stored = Stored {
        json: text.into_bytes().into(),
        revision: 1,
    };
    JobPod::of(&Arc::new(Cached::new(&stored, true).unwrap()), spec).unwrap()
}

fn with<T>(spec: &str, status: &str, pods: &[&str], ask: impl FnOnce(&mut Survey<'_>) -> T) -> T {
    let job = json::from_str(&format!(r#"{{"spec":{{{spec}}},"status":{{{status}}}}}"#)).unwrap();
    let spec = Spec::of(&job);
    let pods = pods.iter().map(|words| pod(words, &spec)).collect();
    let now = Timestamp::from_unix_seconds(NOW);
    ask(&mut Survey::of(&job, &spec, pods, Record::default(), now))
}

fn names(names: &[&str]) -> Vec<tollgate_api::value::CompactString> {
    names.iter().map(|name| (*name).into()).collect()
}

fn none(count: usize) -> Work {
    Work::Create(vec![None; count])
}

fn some(indexes: &[i64]) -> Work {
    Work::Create(indexes.iter().copied().map(Some).collect())
}

#[test]
fn as_many_pods_run_as_are_still_needed() {
    let three = r#""parallelism":2,"completions":3,"backoffLimit":6"#;
    let queue = r#""parallelism":2,"backoffLimit":6"#;
    let resting = r#""parallelism":2,"completions":3,"suspend":true"#;
    let patient = r#""parallelism":2,"completions":3,"podReplacementPolicy":"Failed""#;
    for (spec, status, pods, expected) in [
        (three, "", vec![], none(2)),
        (three, "", vec!["a running"], none(1)),
        (three, "", vec!["a running", "b running"], Work::Nothing),
        (three, "", vec!["a done", "b running"], none(1)),
        (
            three,
            r#""succeeded":2"#,
            vec!["a counted", "b counted", "c pending", "d ready"],
            Work::Delete(names(&["c"])),
        ),
        (three, "", vec!["a old", "b running"], none(1)),
        (
            three,
            "",
            vec!["a failed", "b running"],
            Work::Wait(Duration::from_secs(10)),
        ),
        (
            three,
            "",
            vec!["a dying", "b running"],
            Work::Wait(Duration::from_secs(10)),
        ),
        (patient, "", vec!["a dying", "b running"], Work::Nothing),
        (queue, "", vec![], none(2)),
        (queue, "", vec!["a done", "b running"], Work::Nothing),
        (
            resting,
            "",
            vec!["a running", "b pending"],
            Work::Delete(names(&["b", "a"])),
        ),
        (resting, "", vec![], Work::Nothing),
    ] {
        assert_eq!(
            with(spec, status, &pods, |survey| work::next(survey)),
            expected,
            "{spec} {pods:?}"
        );
    }
}

#[test]
fn every_index_gets_one_pod_until_it_is_settled() {
    let plain = r#""completionMode":"Indexed","parallelism":3,"completions":5"#;
    let limited = r#""completionMode":"Indexed","parallelism":3,"completions":5,"backoffLimitPerIndex":1,"backoffLimit":2147483647"#;
    for (spec, status, pods, expected) in [
        (plain, "", vec![], some(&[0, 1, 2])),
        (plain, "", vec!["a running 1"], some(&[0, 2])),
        (plain, r#""completedIndexes":"0-2""#, vec![], some(&[3, 4])),
        (plain, "", vec!["a done 0"], some(&[1, 2, 3])),
        (
            plain,
            "",
            vec!["a running 1", "b ready 1"],
            Work::Delete(names(&["a"])),
        ),
        (
            plain,
            "",
            vec!["a running 7", "b ready"],
            Work::Delete(names(&["a", "b"])),
        ),
        (limited, "", vec!["a failed 0 0"], some(&[1, 2])),
        (limited, "", vec!["a old 0 0"], some(&[0, 1, 2])),
        (limited, "", vec!["a failed 0 1"], some(&[1, 2, 3])),
        (
            limited,
            r#""completedIndexes":"1-4""#,
            vec!["a failed 0 0"],
            Work::Wait(Duration::from_secs(10)),
        ),
    ] {
        assert_eq!(
            with(spec, status, &pods, |survey| work::next(survey)),
            expected,
            "{spec} {pods:?}"
        );
    }
}

#[track_caller]
fn check_end(spec: &str, status: &str, pods: &str, expected: &str) {
    let pods: Vec<&str> = pods.split(", ").filter(|pod| !pod.is_empty()).collect();
    let found = with(spec, status, &pods, |survey| {
        let end = survey.end.as_ref();
        end.map_or_else(String::new, |end| format!("{} {}", end.kind, end.reason))
    });
    assert_eq!(found, expected, "{spec} {pods:?}");
}

#[test]
fn a_job_ends_when_too_much_has_failed_or_too_much_time_has_passed() {
    let limit = "FailureTarget BackoffLimitExceeded";
    check_end(r#""backoffLimit":1"#, "", "a old", "");
    check_end(r#""backoffLimit":1"#, "", "a old, b old", limit);
    check_end(r#""backoffLimit":1"#, r#""failed":2"#, "", limit);
    let restarting = r#""backoffLimit":2,"template":{"spec":{"restartPolicy":"OnFailure"}}"#;
    check_end(restarting, "", "a running", limit);
    let start = Timestamp::from_unix_seconds(NOW - 100);
    let started = format!(r#""startTime":"{start}""#);
    let late = "FailureTarget DeadlineExceeded";
    check_end(r#""activeDeadlineSeconds":100"#, &started, "", late);
    check_end(r#""activeDeadlineSeconds":101"#, &started, "", "");
    check_end(
        r#""activeDeadlineSeconds":1,"suspend":true"#,
        &started,
        "",
        "",
    );
    let decided = r#""conditions":[{"type":"FailureTarget","status":"True","reason":"X"}]"#;
    check_end("", decided, "", "Failed X");
}

#[test]
fn a_job_ends_when_a_policy_or_its_indexes_say_so() {
    let policy = r#""podFailurePolicy":{"rules":[{"action":"FailJob","onExitCodes":{"operator":"In","values":[1]}}]}"#;
    check_end(policy, "", "a failed", "FailureTarget PodFailurePolicy");
    check_end(policy, "", "a running", "");
    let indexed = r#""completionMode":"Indexed","completions":3,"parallelism":3,"#;
    let few = format!(r#"{indexed}"backoffLimitPerIndex":0,"maxFailedIndexes":1"#);
    check_end(&few, "", "a old 0", "");
    check_end(
        &few,
        "",
        "a old 0, b old 1",
        "FailureTarget MaxFailedIndexesExceeded",
    );
    let any = format!(r#"{indexed}"backoffLimitPerIndex":0"#);
    check_end(&any, "", "a old 0, b old 1", "");
    check_end(
        &any,
        "",
        "a old 0, b old 1, c done 2",
        "FailureTarget FailedIndexes",
    );
    let early = format!(r#"{indexed}"successPolicy":{{"rules":[{{"succeededCount":1}}]}}"#);
    check_end(&early, "", "a running 0", "");
    check_end(&early, "", "a done 0", "SuccessCriteriaMet SuccessPolicy");
}

#[track_caller]
fn check_tracking(spec: &str, status: &str, pods: &[&str], expected: &str, release: &[&str]) {
    let (tracked, status) = with(spec, status, pods, |survey| {
        let tracked = track::track(survey);
        survey.status.remove("startTime");
        (tracked, survey.status.clone())
    });
    assert_eq!(tracked.release, names(release), "{pods:?}");
    let expected: Value = json::from_str(expected).unwrap();
    assert_eq!(status, expected, "{pods:?}");
}

#[test]
fn pods_are_noted_before_they_are_counted() {
    let plain = r#""parallelism":3,"completions":3"#;
    check_tracking(
        plain,
        "",
        &["a done", "b failed", "c running", "d counted"],
        r#"{"uncountedTerminatedPods":{"succeeded":["a"],"failed":["b"]}}"#,
        &["a", "b"],
    );
    let noted = r#""uncountedTerminatedPods":{"succeeded":["a","x"],"failed":["y"]},"failed":1"#;
    check_tracking(
        plain,
        noted,
        &["a done"],
        r#"{"uncountedTerminatedPods":{"succeeded":["a"]},"succeeded":1,"failed":2}"#,
        &["a"],
    );
    let indexed = r#""completionMode":"Indexed","parallelism":3,"completions":3"#;
    check_tracking(
        indexed,
        "",
        &["a done 2", "b failed 0", "c done 1", "d done 9"],
        r#"{"uncountedTerminatedPods":{"failed":["b"]},"succeeded":2,"completedIndexes":"1,2"}"#,
        &["b", "c", "a", "d"],
    );
    let limited =
        r#""completionMode":"Indexed","parallelism":3,"completions":3,"backoffLimitPerIndex":1"#;
    check_tracking(
        limited,
        "",
        &["a failed 0 0", "b failed 1 1"],
        r#"{"uncountedTerminatedPods":{"failed":["b"]},"failedIndexes":"1"}"#,
        &["b"],
    );
}

#[test]
fn a_job_that_fails_counts_what_still_runs_as_failed() {
    let now = Timestamp::from_unix_seconds(NOW);
    let condition = |kind: &str| {
        format!(
            r#"{{"type":"{kind}","status":"True","lastProbeTime":"{now}","lastTransitionTime":"{now}","reason":"BackoffLimitExceeded","message":"Job has reached the specified backoff limit"}}"#
        )
    };
    check_tracking(
        r#""backoffLimit":0,"parallelism":2,"completions":2"#,
        "",
        &["a failed", "b dying"],
        &format!(
            r#"{{"uncountedTerminatedPods":{{"failed":["a","b"]}},"conditions":[{}]}}"#,
            condition("FailureTarget")
        ),
        &["a", "b"],
    );
}
