//! CronJob: a Job per run; finished Jobs are kept for a while.

use super::pod::{self, Name};
use super::{Cluster, Created, Plan, UNKNOWN_SUFFIX, job, replicas};
use tollgate_api::{GroupResource, Value};

pub(super) fn plan(template: Option<Value>, cron_job: &Value, _cluster: Cluster) -> Plan {
    let spec = cron_job.get("spec");
    let job_template = spec.and_then(|spec| spec.get("jobTemplate"));
    // The minute of the run since 1970, eight digits.
    let job_name = format!("{}-xxx{UNKNOWN_SUFFIX}", pod::name_of(cron_job));
    let mut job = pod::created("batch/v1", "Job", cron_job, Name::Fixed(&job_name));
    if let Some(job_spec) = job_template.and_then(|template| template.get("spec")) {
        job.set("spec", job_spec.clone());
    }
    let (pod, pods_of_a_job) = job::pods(template, &job, job.get("spec"));

    let suspended = spec.and_then(|spec| spec.bool("suspend")) == Some(true);
    let runs = u64::from(!suspended);
    // A run that has not ended when the next is due: Forbid skips the next, Replace ends the old one first; only Allow
    // runs both.
    let policy = spec
        .and_then(|spec| spec.str("concurrencyPolicy"))
        .unwrap_or("Allow");
    let overlapping = if policy == "Allow" { runs } else { 0 };
    let kept = replicas(spec, "successfulJobsHistoryLimit", 3).saturating_add(replicas(
        spec,
        "failedJobsHistoryLimit",
        1,
    ));
    Plan {
        pod,
        pods: pods_of_a_job.saturating_mul(runs),
        surge: pods_of_a_job.saturating_mul(overlapping),
        may_shrink: true,
        objects: vec![Created {
            resource: GroupResource::new("batch", "jobs"),
            object: job,
            count: runs,
            surge: overlapping.saturating_add(kept),
        }],
    }
}
