//! ttl-after-finished-controller: Jobs that have ended are deleted when their time has come.
//!
//! Upstream: `pkg/controller/ttlafterfinished`

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, condition};
use crate::gone;
use crate::job;
use crate::resources::JOBS;
use std::time::Duration;
use tollgate_api::client::{Deletion, Identity, Pending, Propagation};
use tollgate_api::status::Reason;
use tollgate_api::{Timestamp, Value};

/// The controller.
#[derive(Debug)]
pub struct TtlAfterFinished;

impl Controller for TtlAfterFinished {
    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("ttl-after-finished-controller")
    }

    fn component(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&JOBS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        if let Some(job) = change.new.filter(|job| job.meta.deleted.is_none()) {
            queue.add(Key::of(job));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(clean(context, key))
    }
}

/// When a Job is to go; none if it has not ended or may stay.
fn expiry(job: &Value) -> Option<Timestamp> {
    let ttl = job.get("spec")?.int("ttlSecondsAfterFinished")?;
    let kind = job::finished(job)?;
    let ended = condition(job.get("status")?, kind)?.str("lastTransitionTime")?;
    Some(Timestamp::parse(ended)?.saturating_add_seconds(ttl))
}

async fn clean(cx: &Context, key: &Key) -> Outcome {
    let Some(job) = cx.cache.get(&JOBS, &key.namespace, &key.name) else {
        return Ok(Requeue::No);
    };
    let wait = |job: &Value| {
        let due = expiry(job)?;
        let seconds = due.unix_seconds().saturating_sub(cx.now.unix_seconds());
        Some(u64::try_from(seconds).unwrap_or_default())
    };
    match wait(&job.object()?) {
        None => return Ok(Requeue::No),
        Some(0) => {}
        Some(seconds) => return Ok(Requeue::After(Duration::from_secs(seconds))),
    }
    // The time may have been changed a moment ago: what is deleted cannot be had back.
    let fresh = match cx.get(&JOBS, &key.namespace, &key.name).await {
        Err(status) if status.reason == Reason::NotFound => return Ok(Requeue::No),
        fresh => fresh?,
    };
    let metadata = fresh.get("metadata").unwrap_or(&Value::Null);
    if wait(&fresh) != Some(0) || metadata.str("uid") != Some(&job.meta.uid) {
        return Ok(Requeue::No);
    }
    let deletion = Deletion {
        propagation: Some(Propagation::Foreground),
        uid: Some(job.meta.uid.clone()),
        resource_version: metadata.str("resourceVersion").map(Into::into),
        ..Deletion::default()
    };
    gone::outcome(cx.delete(&JOBS, &key.namespace, &key.name, deletion).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn only_jobs_that_have_ended_and_say_how_long_expire() {
        let ended = r#""status":{"conditions":[{"type":"Failed","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]}"#;
        for (job, expected) in [
            (
                format!(r#"{{"spec":{{"ttlSecondsAfterFinished":30}},{ended}}}"#),
                Some("2026-01-01T00:00:30Z"),
            ),
            (
                format!(r#"{{"spec":{{"ttlSecondsAfterFinished":0}},{ended}}}"#),
                Some("2026-01-01T00:00:00Z"),
            ),
            (format!(r#"{{"spec":{{}},{ended}}}"#), None),
            (
                r#"{"spec":{"ttlSecondsAfterFinished":30}}"#.to_owned(),
                None,
            ),
        ] {
            let found = expiry(&json::from_str(&job).unwrap());
            assert_eq!(
                found.map(|time| time.to_string()).as_deref(),
                expected,
                "{job}"
            );
        }
    }
}
