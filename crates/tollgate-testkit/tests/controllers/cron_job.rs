//! A CronJob's life: runs at their times, what is missed, what may not run beside another, what is kept.

use crate::pods::{events, name, names, set_phase};
use std::sync::Arc;
use std::time::Duration;
use tollgate_api::client::Target;
use tollgate_api::{Timestamp, Value};
use tollgate_controllers::clock::Clock as _;
use tollgate_controllers::cron_job::CronJobs;
use tollgate_controllers::job::Jobs;
use tollgate_controllers::resources::{CRON_JOBS, JOBS, PODS, RESOURCE_QUOTAS};
use tollgate_controllers::service_account::ServiceAccounts;
use tollgate_testkit::cluster::Cluster;

const TARGET: Target<'static> = Target::object(&CRON_JOBS, "default", "hello");

fn cluster(seed: u64) -> Cluster {
    let controllers = || {
        vec![
            Arc::new(CronJobs::default()) as _,
            Arc::new(Jobs::default()) as _,
            Arc::new(ServiceAccounts) as _,
        ]
    };
    let mut cluster = Cluster::new(seed, Box::new(controllers));
    cluster.settle();
    cluster
}

fn create(cluster: &mut Cluster, spec: &str) {
    let object = format!(
        r#"{{"metadata":{{"name":"hello"}},"spec":{{{spec},"jobTemplate":{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"template":{{"spec":{{"restartPolicy":"Never","containers":[{{"name":"main","image":"hello:1"}}]}}}}}}}}}}}}"#
    );
    cluster.create(&CRON_JOBS, "default", &object).unwrap();
    cluster.settle();
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn jobs(cluster: &Cluster) -> Vec<String> {
    names(&cluster.list(&JOBS, "default"))
}

fn status(cluster: &Cluster) -> Value {
    let object = cluster.get(&CRON_JOBS, "default", "hello").unwrap();
    object.get("status").cloned().unwrap_or_default()
}

/// The name of the Job of the time `later` minutes after the beginning.
fn job_at(later: i64) -> String {
    let beginning = Timestamp::parse("2026-01-15T12:00:00Z").unwrap();
    format!("hello-{}", beginning.unix_seconds() / 60 + later)
}

fn succeed(cluster: &mut Cluster) {
    for pod in cluster.list(&PODS, "default") {
        let phase = pod.at(&["status", "phase"]).and_then(Value::as_str);
        if phase == Some("Pending") {
            set_phase(cluster, "default", &name(&pod), "Succeeded");
        }
    }
    cluster.settle();
}

#[test]
fn a_job_begins_at_each_time_and_few_are_kept() {
    let mut cluster = cluster(1);
    create(
        &mut cluster,
        r#""schedule":"*/10 * * * *","timeZone":"Europe/Berlin","successfulJobsHistoryLimit":2"#,
    );
    cluster.advance(minutes(9));
    assert_eq!(jobs(&cluster), [""; 0]);
    cluster.advance(minutes(2));
    assert_eq!(jobs(&cluster), [job_at(10)]);
    let job = cluster.get(&JOBS, "default", &job_at(10)).unwrap();
    assert_eq!(
        job.at(&["metadata", "labels", "a"]).unwrap().as_str(),
        Some("b")
    );
    let annotations = job.at(&["metadata", "annotations"]).unwrap();
    assert_eq!(
        annotations.str("batch.kubernetes.io/cronjob-scheduled-timestamp"),
        Some("2026-01-15T13:10:00+01:00")
    );
    assert_eq!(
        status(&cluster).items("active")[0].str("name"),
        Some(job_at(10).as_str())
    );
    assert_eq!(
        status(&cluster).str("lastScheduleTime"),
        Some("2026-01-15T12:10:00Z")
    );
    for _ in 0..4 {
        succeed(&mut cluster);
        cluster.advance(minutes(10));
    }
    succeed(&mut cluster);
    assert_eq!(jobs(&cluster), [job_at(40), job_at(50)]);
    assert!(status(&cluster).items("active").is_empty());
    assert!(status(&cluster).str("lastSuccessfulTime").is_some());
    let told = events(&cluster, "default");
    for event in [
        format!("SuccessfulCreate: Created job {}", job_at(10)),
        format!(
            "SawCompletedJob: Saw completed job: {}, condition: Complete",
            job_at(10)
        ),
        format!("SuccessfulDelete: Deleted job {}", job_at(10)),
    ] {
        assert!(told.contains(&event), "{event} {told:?}");
    }
}

#[test]
fn runs_beside_others_are_let_alone_replaced_or_allowed() {
    for (policy, expected) in [
        ("Allow", vec![job_at(1), job_at(2), job_at(3)]),
        ("Forbid", vec![job_at(1)]),
        ("Replace", vec![job_at(3)]),
    ] {
        let mut cluster = cluster(2);
        create(
            &mut cluster,
            &format!(r#""schedule":"* * * * *","concurrencyPolicy":"{policy}""#),
        );
        cluster.advance(minutes(3) + Duration::from_secs(1));
        let listed = status(&cluster);
        let active: Vec<&str> = listed
            .items("active")
            .iter()
            .map(|one| one.str_or_empty("name"))
            .collect();
        assert_eq!(active, expected, "{policy}");
    }
}

#[test]
fn what_was_missed_is_made_up_for_once() {
    let mut cluster = cluster(3);
    create(
        &mut cluster,
        r#""schedule":"* * * * *","concurrencyPolicy":"Forbid","suspend":true"#,
    );
    cluster.advance(minutes(200));
    assert_eq!(jobs(&cluster), [""; 0]);
    cluster
        .patch(TARGET, r#"{"spec":{"suspend":false}}"#)
        .unwrap();
    cluster.settle();
    assert_eq!(jobs(&cluster), [job_at(200)]);
    let many = "TooManyMissedTimes: too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
    assert!(events(&cluster, "default").contains(&many.to_owned()));
}

#[test]
fn a_run_that_cannot_begin_in_time_is_given_up() {
    let mut cluster = cluster(4);
    create(
        &mut cluster,
        r#""schedule":"0 * * * *","startingDeadlineSeconds":120,"suspend":true"#,
    );
    cluster.advance(minutes(63));
    cluster
        .patch(TARGET, r#"{"spec":{"suspend":false}}"#)
        .unwrap();
    cluster.settle();
    assert_eq!(jobs(&cluster), [""; 0]);
    cluster.advance(minutes(58));
    assert_eq!(jobs(&cluster), [job_at(120)]);
}

#[test]
fn a_new_schedule_begins_with_its_next_time() {
    let mut cluster = cluster(5);
    create(&mut cluster, r#""schedule":"0 0 1 1 *""#);
    cluster.advance(minutes(30));
    cluster
        .patch(TARGET, r#"{"spec":{"schedule":"*/20 * * * *"}}"#)
        .unwrap();
    cluster.settle();
    assert_eq!(jobs(&cluster), [""; 0]);
    cluster.advance(minutes(11));
    assert_eq!(jobs(&cluster), [job_at(40)]);
}

#[test]
fn what_a_quota_refuses_is_made_as_soon_as_it_may() {
    let mut cluster = cluster(6);
    let quota = r#"{"metadata":{"name":"few"},"spec":{"hard":{"count/jobs.batch":"0"}}}"#;
    cluster.create(&RESOURCE_QUOTAS, "default", quota).unwrap();
    create(&mut cluster, r#""schedule":"0 * * * *""#);
    cluster.advance(minutes(61));
    assert_eq!(jobs(&cluster), [""; 0]);
    let told = events(&cluster, "default");
    assert!(
        told.iter()
            .any(|event| event.starts_with("FailedCreate: Error creating job: ")),
        "{told:?}"
    );
    let target = Target::object(&RESOURCE_QUOTAS, "default", "few");
    cluster
        .patch(target, r#"{"spec":{"hard":{"count/jobs.batch":"1"}}}"#)
        .unwrap();
    let before = cluster.world.now();
    cluster.settle();
    assert_eq!(jobs(&cluster), [job_at(60)]);
    assert_eq!(cluster.world.now(), before);
}

#[test]
fn no_run_is_made_twice_or_lost_when_things_go_wrong() {
    for seed in 0..5 {
        let mut cluster = cluster(seed);
        create(
            &mut cluster,
            r#""schedule":"*/5 * * * *","successfulJobsHistoryLimit":100"#,
        );
        cluster.faults.set(200, 100, 50);
        for round in 0..12 {
            cluster.advance(minutes(5));
            succeed(&mut cluster);
            if round % 4 == 1 {
                cluster.restart();
            }
        }
        cluster.faults.stop();
        cluster.advance(minutes(4));
        let expected: Vec<String> = (1..=12).map(|run| job_at(run * 5)).collect();
        assert_eq!(jobs(&cluster), expected, "{seed}");
    }
}
