//! CronJob.

use super::pod_spec;
use super::set::{if_absent, if_empty, structure};
use tollgate_api::Value;

/// Sets the defaults of a CronJob. Its Jobs take theirs when they are created.
pub fn set_defaults(cron_job: &mut Value) {
    let Some(spec) = structure(cron_job, "spec") else {
        return;
    };
    if_empty(spec, "concurrencyPolicy", "Allow");
    if_absent(spec, "suspend", false);
    if_absent(spec, "successfulJobsHistoryLimit", 3);
    if_absent(spec, "failedJobsHistoryLimit", 1);
    if let Some(job) = structure(spec, "jobTemplate")
        && let Some(job_spec) = structure(job, "spec")
    {
        pod_spec::set_template_defaults(job_spec, "template");
    }
}
