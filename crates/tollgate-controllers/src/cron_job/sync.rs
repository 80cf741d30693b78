//! Brings one CronJob to where it should be.

use super::CronJobs;
use super::active::{self, Run};
use super::clockwork::{self, Clockwork};
use super::due;
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::Cached;
use crate::events::EventType;
use crate::pod_control::Owning;
use crate::resources::{CRON_JOBS, JOBS};
use std::collections::BTreeSet;
use tollgate_api::client::{Deletion, Propagation};
use tollgate_api::go_format::quote;
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Timestamp, Value};

/// A CronJob that is looked at.
#[derive(Debug)]
pub(super) struct Sight<'a> {
    pub(super) cx: &'a Context,
    pub(super) owner: &'a Owning,
    pub(super) cached: &'a Cached,
    pub(super) spec: &'a Value,
}

impl Sight<'_> {
    pub(super) fn tell(&self, event_type: EventType, reason: &str, message: impl Into<String>) {
        self.owner.event(self.cx, event_type, reason, message);
    }

    /// What the next run depends on.
    pub(super) fn times(&self, status: &Value) -> due::Times {
        let last = status.str("lastScheduleTime").and_then(Timestamp::parse);
        due::Times {
            earliest: last.unwrap_or(self.cached.meta.created),
            deadline: self.spec.int("startingDeadlineSeconds"),
            now: self.cx.now,
        }
    }

    /// Waits for the next run.
    pub(super) fn wait(&self, clockwork: &Clockwork, status: &Value) -> Requeue {
        due::wait(clockwork, self.times(status)).map_or(Requeue::No, Requeue::After)
    }
}

impl CronJobs {
    pub(super) async fn sync(&self, cx: &Context, key: &Key) -> Outcome {
        let Some(cached) = cx.cache.get(&CRON_JOBS, &key.namespace, &key.name) else {
            self.forget(key);
            return Ok(Requeue::No);
        };
        let object = cached.object()?;
        let owner = Owning::new(&CRON_JOBS, "CronJob", &cached);
        let sight = Sight {
            cx,
            owner: &owner,
            cached: &cached,
            spec: object.get("spec").unwrap_or(&Value::Null),
        };
        let jobs = cx
            .cache
            .controlled_by(&JOBS, &key.namespace, &cached.meta.uid);
        let runs: Vec<Run> = jobs.iter().map(Run::of).collect::<Result<_, _>>()?;
        let mut status = object.get("status").cloned().unwrap_or_else(Value::object);
        clean(&sight, &mut status, &runs).await;
        let next = self.next(key, &sight, &mut status, &runs).await;
        if object.get("status").unwrap_or(&Value::Null) != &status
            && !(object.get("status").is_none() && status == Value::object())
        {
            let mut object = object.clone();
            object.set("status", status);
            cx.update(&CRON_JOBS, "status", object).await?;
        }
        next
    }

    /// Looks after the Jobs that run, and begins another if it is time.
    async fn next(
        &self,
        key: &Key,
        sight: &Sight<'_>,
        status: &mut Value,
        runs: &[Run],
    ) -> Outcome {
        for (is_warning, reason, message) in active::survey(status, runs) {
            let event_type = if is_warning {
                EventType::Warning
            } else {
                EventType::Normal
            };
            sight.tell(event_type, reason, message);
        }
        find_missing(sight, status, runs).await?;
        let is_rescheduled = self.is_rescheduled(key, sight.spec);
        if sight.cached.meta.deleted.is_some() {
            return Ok(Requeue::No);
        }
        let zone = sight.spec.str("timeZone");
        if let Some(zone) = zone.filter(|zone| clockwork::zone(zone).is_none()) {
            let shown = quote(zone);
            let message = format!("invalid timeZone: {shown}: unknown time zone {zone}");
            sight.tell(EventType::Warning, "UnknownTimeZone", message);
            return Ok(Requeue::No);
        }
        if sight.spec.bool("suspend") == Some(true) {
            self.refused.clear(key);
            return Ok(Requeue::No);
        }
        let text = sight.spec.str_or_empty("schedule");
        if text.contains("TZ") {
            let shown = quote(text);
            let message = format!(
                "CRON_TZ or TZ used in schedule {shown} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
            );
            sight.tell(EventType::Warning, "UnsupportedSchedule", message);
        }
        let clockwork = match Clockwork::new(text, zone) {
            Ok(clockwork) => clockwork,
            Err(why) => {
                let message = format!("unparseable schedule: {} : {why}", quote(text));
                sight.tell(EventType::Warning, "UnparseableSchedule", message);
                return Ok(Requeue::No);
            }
        };
        // A new schedule begins with its next time: what it would have had before was never promised.
        if is_rescheduled {
            return Ok(sight.wait(&clockwork, status));
        }
        self.begin(key, sight, &clockwork, status).await
    }
}

/// Deletes the oldest Jobs that have ended, beyond what is to be kept.
async fn clean(sight: &Sight<'_>, status: &mut Value, runs: &[Run]) {
    for (ended, limit) in [
        ("Complete", "successfulJobsHistoryLimit"),
        ("Failed", "failedJobsHistoryLimit"),
    ] {
        for run in active::superfluous(runs, ended, sight.spec.int(limit)) {
            // A failure has been told; it is tried again with the next look.
            let _ = delete_job(sight, status, run.name(), run.uid()).await;
        }
    }
}

/// Deletes a Job and tells people of it.
pub(super) async fn delete_job(
    sight: &Sight<'_>,
    status: &mut Value,
    name: &str,
    uid: &str,
) -> Result<(), Status> {
    let deletion = Deletion {
        propagation: Some(Propagation::Background),
        ..Deletion::default()
    };
    let namespace = &sight.cached.meta.namespace;
    let deleted = sight.cx.delete(&JOBS, namespace, name, deletion).await;
    match deleted {
        Ok(_) => {
            active::unlist(status, uid);
            let message = format!("Deleted job {name}");
            sight.tell(EventType::Normal, "SuccessfulDelete", message);
            Ok(())
        }
        Err(status) => {
            let message = format!("Deleted job: {status}");
            sight.tell(EventType::Warning, "FailedDelete", message);
            Err(status)
        }
    }
}

/// Takes Jobs that are gone out of the list of those that run.
async fn find_missing(sight: &Sight<'_>, status: &mut Value, runs: &[Run]) -> Result<(), Status> {
    let known: BTreeSet<&CompactString> = runs.iter().map(Run::uid).collect();
    for reference in status.items("active").to_vec() {
        let (name, uid) = (
            reference.str_or_empty("name"),
            reference.str_or_empty("uid"),
        );
        if known.contains(&CompactString::new(uid)) {
            continue;
        }
        let namespace = &sight.cached.meta.namespace;
        // The cache may not have seen it yet.
        match sight.cx.get(&JOBS, namespace, name).await {
            Err(gone) if gone.reason == Reason::NotFound => {
                let message = format!("Active job went missing: {name}");
                sight.tell(EventType::Normal, "MissingJob", message);
                active::unlist(status, uid);
            }
            found => {
                found?;
            }
        }
    }
    Ok(())
}
