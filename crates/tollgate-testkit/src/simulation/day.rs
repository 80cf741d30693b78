//! A day of a cluster's life in which nothing is left to chance: what runs by the clock, what crashes, a node that is
//! away for an hour.

use super::mirror::{is_terminal, is_true, meta};
use super::{Failure, Plan, Simulation};
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::Target;
use tollgate_controllers::node::DOWN;
use tollgate_controllers::resources::{CRON_JOBS, DEPLOYMENTS, NODES};

const NAMESPACE: &str = "alpha";

/// What a day has left.
#[derive(Debug)]
pub struct Evening {
    /// The Jobs that are kept, by whether they have completed.
    pub jobs: (usize, usize),
    /// How often the container that crashes was started again.
    pub restarts: i64,
    /// How many pods of the Deployment that is well are ready.
    pub ready: usize,
    /// How many objects there are, but for events.
    pub objects: usize,
    /// How many steps were taken.
    pub steps: u64,
}

fn deployment(name: &str, replicas: u32, annotations: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{{"metadata":{{"labels":{{"app":"{name}"}},"annotations":{{{annotations}}}}},"spec":{{"containers":[{{"name":"app","image":"web:1"}}]}}}}}}}}"#
    )
}

fn cron_job(name: &str, schedule: &str, annotations: &str, more: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"schedule":"{schedule}","concurrencyPolicy":"Forbid","jobTemplate":{{"spec":{{"backoffLimit":1{more},"template":{{"metadata":{{"annotations":{{{annotations}}}}},"spec":{{"restartPolicy":"Never","containers":[{{"name":"app","image":"job:1"}}]}}}}}}}}}}}}"#
    )
}

/// Lives so many hours, three at least.
pub fn live(seed: u64, hours: u64) -> Result<Evening, Failure> {
    let plan = Plan {
        nodes: 2,
        ..Plan::default()
    };
    let mut day = Simulation::new(seed, &plan);
    day.begin()?;
    let create = |resource, object: &str| {
        let made = day.cluster.create(resource, NAMESPACE, object);
        made.expect("what a day begins with is let in");
    };
    create(&DEPLOYMENTS, &deployment("well", 4, ""));
    create(
        &DEPLOYMENTS,
        &deployment("crashes", 1, r#""tollgate.dev/exit-code":"1""#),
    );
    let takes = r#""tollgate.dev/exit-after":"2m""#;
    create(&CRON_JOBS, &cron_job("works", "*/20 * * * *", takes, ""));
    let fails = r#""tollgate.dev/exit-code":"1""#;
    create(&CRON_JOBS, &cron_job("fails", "30 * * * *", fails, ""));
    let gone = r#","ttlSecondsAfterFinished":60"#;
    create(&CRON_JOBS, &cron_job("leaves", "*/30 * * * *", "", gone));
    let before = hours.saturating_sub(2).max(1) / 2;
    day.advance(Duration::from_hours(before.max(1)))?;
    let target = Target::object(&NODES, "", "node-0");
    for value in [r#""true""#, "null"] {
        let patch = format!(r#"{{"metadata":{{"annotations":{{"{DOWN}":{value}}}}}}}"#);
        day.cluster
            .patch(target, &patch)
            .expect("a node can be told");
        day.advance(Duration::from_hours(1))?;
    }
    day.advance(Duration::from_hours(
        hours.saturating_sub(before.max(1) + 2),
    ))?;
    day.compare()?;
    Ok(day.evening())
}

impl Simulation {
    fn evening(&self) -> Evening {
        let jobs: Vec<&Value> = self
            .mirror
            .of("batch", "jobs", None)
            .map(|(_, job)| job)
            .collect();
        let complete = jobs.iter().filter(|job| is_true(job, "Complete")).count();
        let app = |pod: &Value| {
            let label = pod
                .at(&["metadata", "labels", "app"])
                .and_then(Value::as_str);
            label.unwrap_or_default().to_owned()
        };
        let pods: Vec<&Value> = self
            .mirror
            .of("", "pods", None)
            .map(|(_, pod)| pod)
            .collect();
        let crashing = pods
            .iter()
            .filter(|pod| app(pod) == "crashes" && !is_terminal(pod));
        let restarts = crashing.flat_map(|pod| {
            let status = pod
                .get("status")
                .map_or(&[][..], |status| status.items("containerStatuses"));
            status
                .iter()
                .filter_map(|status| status.int("restartCount"))
        });
        let ready = pods
            .iter()
            .filter(|pod| app(pod) == "well" && is_true(pod, "Ready"));
        let objects = self.mirror.objects.iter();
        let objects = objects.filter(|(key, seen)| {
            key.resource() != "events" && !meta(&seen.object, "namespace").is_empty()
        });
        Evening {
            jobs: (complete, jobs.len() - complete),
            restarts: restarts.sum(),
            ready: ready.count(),
            objects: objects.count(),
            steps: self.steps,
        }
    }
}
