//! Begins a run of a CronJob.

use super::CronJobs;
use super::active;
use super::clockwork::{Clockwork, as_mail, in_zone, zone};
use super::due::{self, Missed};
use super::sync::{Sight, delete_job};
use crate::controller::{Key, Outcome};
use crate::events::EventType;
use crate::namespaces;
use crate::pod_control::name_of;
use crate::resources::JOBS;
use tollgate_api::status::Reason;
use tollgate_api::{Status, Timestamp, Value};

/// The annotation that says for which time a Job was made.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

impl CronJobs {
    /// Begins the run that is due, if there is one.
    pub(super) async fn begin(
        &self,
        key: &Key,
        sight: &Sight<'_>,
        clockwork: &Clockwork,
        status: &mut Value,
    ) -> Outcome {
        let Some(time) = time_to_run(sight, clockwork, status) else {
            self.refused.clear(key);
            return Ok(sight.wait(clockwork, status));
        };
        let name = job_name(&key.name, time);
        let is_listed = status
            .items("active")
            .iter()
            .any(|one| one.str("name") == Some(&name));
        let last = status.str("lastScheduleTime").and_then(Timestamp::parse);
        if is_listed || last == Some(time) {
            return Ok(sight.wait(clockwork, status));
        }
        match sight.spec.str("concurrencyPolicy") {
            Some("Forbid") if !status.items("active").is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                sight.tell(EventType::Normal, "JobAlreadyActive", message);
                return Ok(sight.wait(clockwork, status));
            }
            Some("Replace") => replace(sight, status).await?,
            _ => {}
        }
        self.refused.attempt(key);
        let Some(job) = create(sight, &name, time, status).await? else {
            self.refused.clear(key);
            return Ok(sight.wait(clockwork, status));
        };
        self.refused.clear(key);
        active::enlist(status, &job);
        status.set("lastScheduleTime", time.to_string());
        Ok(sight.wait(clockwork, status))
    }
}

/// The time of the run that is due; people are told why none is.
fn time_to_run(sight: &Sight<'_>, clockwork: &Clockwork, status: &Value) -> Option<Timestamp> {
    let times = sight.times(status);
    let due = match due::due(clockwork, times) {
        Ok(due) => due,
        Err(why) => {
            let text = sight.spec.str_or_empty("schedule");
            let message = format!("invalid schedule: {text} : {why}");
            sight.tell(EventType::Warning, "InvalidSchedule", message);
            return None;
        }
    };
    let time = due.time?;
    if due.missed == Missed::Many {
        let message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
        sight.tell(EventType::Warning, "TooManyMissedTimes", message);
    }
    let is_late = times
        .deadline
        .is_some_and(|deadline| time.saturating_add_seconds(deadline) < times.now);
    if is_late {
        let message = format!("Missed scheduled time to start a job: {}", as_mail(time));
        sight.tell(EventType::Warning, "MissSchedule", message);
        return None;
    }
    Some(time)
}

/// The name of a run's Job: the same for the same time, so that none is made twice.
fn job_name(cron_job: &str, time: Timestamp) -> String {
    format!("{cron_job}-{}", time.unix_seconds().div_euclid(60))
}

/// Deletes the Jobs that still run.
async fn replace(sight: &Sight<'_>, status: &mut Value) -> Result<(), Status> {
    let namespace = &sight.cached.meta.namespace;
    for reference in status.items("active").to_vec() {
        let name = reference.str_or_empty("name");
        if let Err(status) = sight.cx.get(&JOBS, namespace, name).await {
            let message = format!("Get job: {status}");
            sight.tell(EventType::Warning, "FailedGet", message);
            return Err(status);
        }
        delete_job(sight, status, name, reference.str_or_empty("uid")).await?;
    }
    Ok(())
}

/// Makes the Job of a run. None if there is nothing to note: it is somebody else's, or noted already.
async fn create(
    sight: &Sight<'_>,
    name: &str,
    time: Timestamp,
    status: &Value,
) -> Result<Option<Value>, Status> {
    let namespace = &sight.cached.meta.namespace;
    let created = sight
        .cx
        .create(&JOBS, namespace, job_of(sight, name, time))
        .await;
    match created {
        Ok(stored) => {
            let message = format!("Created job {}", name_of(&stored));
            sight.tell(EventType::Normal, "SuccessfulCreate", message);
            Ok(Some(stored.parse()?))
        }
        Err(refusal) if namespaces::is_ending(&refusal) => Ok(None),
        Err(refusal) if refusal.reason == Reason::AlreadyExists => {
            // Made by an earlier attempt that did not come to note it.
            let there = sight.cx.get(&JOBS, namespace, name).await?;
            let metadata = there.get("metadata").unwrap_or(&Value::Null);
            let is_ours = metadata.items("ownerReferences").iter().any(|owner| {
                owner.bool("controller") == Some(true)
                    && owner.str("uid") == Some(&sight.cached.meta.uid)
            });
            let is_noted = active::is_listed(status, metadata.str_or_empty("uid"));
            Ok((is_ours && !is_noted).then_some(there))
        }
        Err(refusal) => {
            let message = format!("Error creating job: {refusal}");
            sight.tell(EventType::Warning, "FailedCreate", message);
            Err(refusal)
        }
    }
}

fn job_of(sight: &Sight<'_>, name: &str, time: Timestamp) -> Value {
    let template = sight.spec.get("jobTemplate").unwrap_or(&Value::Null);
    let given = template.get("metadata").unwrap_or(&Value::Null);
    let mut job = Value::object();
    job.set("apiVersion", "batch/v1");
    job.set("kind", "Job");
    let metadata = job.child_mut("metadata");
    metadata.set("name", name);
    metadata.set("namespace", sight.cached.meta.namespace.clone());
    if let Some(labels) = given.get("labels") {
        metadata.set("labels", labels.clone());
    }
    let annotations = given.get("annotations");
    let mut annotations = annotations.cloned().unwrap_or_else(Value::object);
    let zone = zone(sight.spec.str_or_empty("timeZone")).unwrap_or_default();
    annotations.set(SCHEDULED, in_zone(time, zone));
    metadata.set("annotations", annotations);
    metadata.set("ownerReferences", vec![sight.owner.owner_reference()]);
    let spec = template.get("spec");
    job.set("spec", spec.cloned().unwrap_or_else(Value::object));
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_jobs_count_minutes() {
        let time = Timestamp::parse("2026-01-15T12:00:00Z").unwrap();
        assert_eq!(job_name("hello", time), "hello-29474640");
    }
}
