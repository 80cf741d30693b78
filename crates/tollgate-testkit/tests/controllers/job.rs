//! A Job's life: success, failure, rest, indexes, and what is left when it is gone.

use crate::pods::{events, is_dying, name, names, reap, set_phase};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::clock::Clock as _;
use tollgate_controllers::job::Jobs;
use tollgate_controllers::resources::{JOBS, PODS, RESOURCE_QUOTAS};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_controllers::ttl_after_finished::TtlAfterFinished;
use tollgate_testkit::cluster::Cluster;

const TARGET: Target<'static> = Target::object(&JOBS, "default", "sum");

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(Jobs::default()) as _,
            Arc::new(ServiceAccounts) as _,
            Arc::new(TtlAfterFinished) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster.settle();
    cluster
}

fn create(cluster: &mut Cluster, spec: &str) {
    let job = format!(
        r#"{{"metadata":{{"name":"sum"}},"spec":{{{spec}"template":{{"spec":{{"restartPolicy":"Never","containers":[{{"name":"main","image":"sum:1"}}]}}}}}}}}"#
    );
    cluster.create(&JOBS, "default", &job).unwrap();
    cluster.settle();
}

fn status(cluster: &Cluster) -> Value {
    let job = cluster.get(&JOBS, "default", "sum").unwrap();
    job.get("status").cloned().unwrap_or_default()
}

fn conditions(cluster: &Cluster) -> Vec<String> {
    let status = status(cluster);
    let conditions = status.items("conditions").iter();
    conditions
        .map(|one| {
            let text = |key| one.str_or_empty(key);
            format!("{}={} {}", text("type"), text("status"), text("reason"))
        })
        .collect()
}

fn active(cluster: &Cluster) -> Vec<String> {
    let pods = cluster.list(&PODS, "default");
    let active = pods.iter().filter(|pod| {
        let phase = pod.at(&["status", "phase"]).and_then(Value::as_str);
        !is_dying(pod) && matches!(phase, Some("Pending" | "Running"))
    });
    active.map(name).collect()
}

fn end(cluster: &mut Cluster, pod: &str, phase: &str) {
    set_phase(cluster, "default", pod, phase);
    cluster.settle();
}

fn finalizers(cluster: &Cluster) -> usize {
    let pods = cluster.list(&PODS, "default");
    let tracked = pods
        .iter()
        .filter(|pod| pod.at(&["metadata", "finalizers"]).is_some());
    tracked.count()
}

#[test]
fn a_job_completes_when_enough_pods_have_succeeded() {
    let mut cluster = cluster(1);
    create(&mut cluster, r#""completions":3,"parallelism":2,"#);
    let mut ended = 0;
    while let Some(pod) = active(&cluster).first() {
        assert!(active(&cluster).len() <= 2);
        end(&mut cluster, &pod.clone(), "Succeeded");
        ended += 1;
        assert!(ended <= 3);
    }
    let status = status(&cluster);
    assert_eq!(status.int("succeeded"), Some(3));
    assert_eq!(status.int("active"), None);
    assert_eq!(status.int("ready"), Some(0));
    assert!(status.str("completionTime").is_some());
    assert_eq!(
        conditions(&cluster),
        [
            "SuccessCriteriaMet=True CompletionsReached",
            "Complete=True CompletionsReached"
        ]
    );
    assert_eq!(finalizers(&cluster), 0);
    let told = events(&cluster, "default");
    assert!(
        told.contains(&"Completed: Job completed".to_owned()),
        "{told:?}"
    );
}

#[test]
fn failed_pods_are_replaced_later_each_time_until_the_limit() {
    let mut cluster = cluster(2);
    create(&mut cluster, r#""backoffLimit":2,"#);
    for wait in [10, 20] {
        let pod = active(&cluster).remove(0);
        end(&mut cluster, &pod, "Failed");
        cluster.advance(Duration::from_secs(wait - 1));
        assert!(active(&cluster).is_empty(), "{wait}");
        cluster.advance(Duration::from_secs(1));
        assert_eq!(active(&cluster).len(), 1, "{wait}");
    }
    let pod = active(&cluster).remove(0);
    end(&mut cluster, &pod, "Failed");
    assert_eq!(status(&cluster).int("failed"), Some(3));
    assert_eq!(
        conditions(&cluster),
        [
            "FailureTarget=True BackoffLimitExceeded",
            "Failed=True BackoffLimitExceeded"
        ]
    );
    let told = "BackoffLimitExceeded: Job has reached the specified backoff limit".to_owned();
    assert!(events(&cluster, "default").contains(&told));
    cluster.advance(Duration::from_hours(1));
    assert_eq!(cluster.list(&PODS, "default").len(), 3);
}

#[test]
fn a_job_rests_and_goes_on() {
    let mut cluster = cluster(3);
    create(
        &mut cluster,
        r#""parallelism":2,"completions":2,"activeDeadlineSeconds":100,"#,
    );
    cluster
        .patch(TARGET, r#"{"spec":{"suspend":true}}"#)
        .unwrap();
    cluster.settle();
    reap(&cluster, "default");
    cluster.settle();
    assert!(cluster.list(&PODS, "default").is_empty());
    assert_eq!(conditions(&cluster), ["Suspended=True JobSuspended"]);
    assert_eq!(status(&cluster).int("failed"), None);
    cluster.advance(Duration::from_secs(200));
    cluster
        .patch(TARGET, r#"{"spec":{"suspend":false}}"#)
        .unwrap();
    cluster.settle();
    assert_eq!(active(&cluster).len(), 2);
    assert_eq!(conditions(&cluster), ["Suspended=False JobResumed"]);
    cluster.advance(Duration::from_secs(100));
    assert!(active(&cluster).is_empty());
    reap(&cluster, "default");
    cluster.settle();
    assert_eq!(
        conditions(&cluster)[1..],
        [
            "FailureTarget=True DeadlineExceeded",
            "Failed=True DeadlineExceeded"
        ]
    );
    let told = events(&cluster, "default");
    for event in [
        "Suspended: Job suspended",
        "Resumed: Job resumed",
        "DeadlineExceeded: Job was active longer than specified deadline",
    ] {
        assert!(told.iter().any(|one| one == event), "{told:?}");
    }
}

#[test]
fn an_indexed_job_settles_every_index() {
    let mut cluster = cluster(4);
    create(
        &mut cluster,
        r#""completionMode":"Indexed","parallelism":3,"completions":3,"backoffLimitPerIndex":1,"#,
    );
    let pod_of = |cluster: &Cluster, index: &str| {
        let start = format!("sum-{index}-");
        let active = active(cluster);
        active.into_iter().find(|name| name.starts_with(&start))
    };
    for index in ["0", "2"] {
        let pod = pod_of(&cluster, index).unwrap();
        end(&mut cluster, &pod, "Succeeded");
    }
    assert_eq!(status(&cluster).str("completedIndexes"), Some("0,2"));
    let first = pod_of(&cluster, "1").unwrap();
    end(&mut cluster, &first, "Failed");
    assert_eq!(pod_of(&cluster, "1"), None);
    cluster.advance(Duration::from_secs(10));
    let second = pod_of(&cluster, "1").unwrap();
    let pod = cluster.get(&PODS, "default", &second).unwrap();
    let annotations = pod.at(&["metadata", "annotations"]).unwrap();
    assert_eq!(
        annotations.str("batch.kubernetes.io/job-index-failure-count"),
        Some("1")
    );
    assert_eq!(
        pod.at(&["spec", "hostname"]).unwrap().as_str(),
        Some("sum-1")
    );
    end(&mut cluster, &second, "Failed");
    assert_eq!(status(&cluster).str("failedIndexes"), Some("1"));
    assert_eq!(status(&cluster).int("failed"), Some(2));
    assert_eq!(
        conditions(&cluster),
        [
            "FailureTarget=True FailedIndexes",
            "Failed=True FailedIndexes"
        ]
    );
}

#[test]
fn a_job_that_has_ended_is_deleted_when_its_time_has_come() {
    let mut cluster = cluster(5);
    create(&mut cluster, r#""ttlSecondsAfterFinished":30,"#);
    let pod = active(&cluster).remove(0);
    end(&mut cluster, &pod, "Succeeded");
    cluster.advance(Duration::from_secs(29));
    assert!(!is_dying(&cluster.get(&JOBS, "default", "sum").unwrap()));
    cluster.advance(Duration::from_secs(1));
    let job = cluster.get(&JOBS, "default", "sum");
    assert!(job.is_none_or(|job| is_dying(&job)));
}

#[test]
fn pods_of_a_job_that_is_gone_are_let_go() {
    let mut cluster = cluster(6);
    create(&mut cluster, r#""parallelism":2,"#);
    assert_eq!(finalizers(&cluster), 2);
    cluster.delete(TARGET, Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(finalizers(&cluster), 0);
}

#[test]
fn a_job_of_another_controller_is_left_alone() {
    let mut cluster = cluster(7);
    create(&mut cluster, r#""managedBy":"example.com/other","#);
    assert!(names(&cluster.list(&PODS, "default")).is_empty());
    assert!(status(&cluster).get("startTime").is_none());
}

#[test]
fn nothing_is_counted_twice_or_lost_when_things_go_wrong() {
    for seed in 0..10 {
        let mut cluster = cluster(seed);
        cluster.faults.set(200, 100, 50);
        create(
            &mut cluster,
            r#""completions":6,"parallelism":3,"backoffLimit":100,"#,
        );
        let mut ended = 0;
        for round in 0..400 {
            let Some(pod) = active(&cluster).first().cloned() else {
                cluster.advance(Duration::from_secs(700));
                continue;
            };
            let fails = ended % 3 == 2;
            set_phase(
                &cluster,
                "default",
                &pod,
                if fails { "Failed" } else { "Succeeded" },
            );
            ended += 1;
            cluster.advance(Duration::from_millis(20));
            if round % 7 == 3 {
                cluster.restart();
            }
            if is_complete(&cluster) {
                break;
            }
        }
        cluster.faults.stop();
        cluster.advance(Duration::from_secs(2000));
        reap(&cluster, "default");
        cluster.settle();
        let status = status(&cluster);
        let phase = |wanted: &str| {
            let pods = cluster.list(&PODS, "default");
            let pods = pods
                .iter()
                .filter(|pod| pod.at(&["status", "phase"]).and_then(Value::as_str) == Some(wanted));
            i64::try_from(pods.count()).unwrap()
        };
        assert!(is_complete(&cluster), "{seed} {status:?}");
        assert_eq!(status.int("succeeded"), Some(phase("Succeeded")), "{seed}");
        assert_eq!(
            status.int("failed").unwrap_or_default(),
            phase("Failed"),
            "{seed}"
        );
        assert_eq!(finalizers(&cluster), 0, "{seed}");
    }
}

fn is_complete(cluster: &Cluster) -> bool {
    conditions(cluster)
        .iter()
        .any(|one| one.starts_with("Complete=True"))
}

#[test]
fn what_a_quota_refuses_is_made_as_soon_as_it_may() {
    let mut cluster = cluster(8);
    let quota = r#"{"metadata":{"name":"few"},"spec":{"hard":{"pods":"1"}}}"#;
    cluster.create(&RESOURCE_QUOTAS, "default", quota).unwrap();
    create(&mut cluster, r#""parallelism":3,"completions":3,"#);
    cluster.advance(Duration::from_mins(1));
    assert_eq!(active(&cluster).len(), 1);
    let target = Target::object(&RESOURCE_QUOTAS, "default", "few");
    cluster
        .patch(target, r#"{"spec":{"hard":{"pods":"3"}}}"#)
        .unwrap();
    let before = cluster.world.now();
    cluster.settle();
    assert_eq!(active(&cluster).len(), 3);
    assert_eq!(cluster.world.now(), before);
    let told = events(&cluster, "default");
    let is_refusal =
        |event: &String| event.contains("FailedCreate") && event.contains("exceeded quota: few");
    assert!(told.iter().any(is_refusal), "{told:?}");
}
