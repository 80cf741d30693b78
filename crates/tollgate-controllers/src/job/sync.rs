//! Brings one Job to where it should be.

use super::Jobs;
use super::condition::{COMPLETE, Condition, SUSPENDED, finished};
use super::pod::JobPod;
use super::spec::{self, FINALIZER, Spec};
use super::survey::{Survey, size};
use super::template;
use super::track::{self, Tracked};
use super::work::{self, Work};
use crate::claim::claim;
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::Cached;
use crate::events::EventType;
use crate::gone;
use crate::moment::until;
use crate::namespaces;
use crate::pod_control::{Owning, create_pod, delete_pod, slow_start};
use crate::resources::{JOBS, PODS};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::Duration;
use tollgate_api::client::{PatchKind, Target};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

/// What became of pods in this round.
#[derive(Debug, Default)]
struct Done {
    created: i64,
    deleted: i64,
    deleted_ready: i64,
    failure: Option<Status>,
    wait: Option<Duration>,
}

impl Jobs {
    pub(super) async fn sync(&self, cx: &Context, key: &Key) -> Outcome {
        let Some(cached) = cx.cache.get(&JOBS, &key.namespace, &key.name) else {
            self.forget(key);
            return Ok(Requeue::No);
        };
        let job = cached.object()?;
        if spec::is_managed_elsewhere(&job) || finished(&job).is_some() {
            self.forget(key);
            return Ok(Requeue::No);
        }
        let owner = Owning::new(&JOBS, "Job", &cached);
        if spec::has_unknown_mode(&job) {
            let message = "Skipped Job sync because completion mode is unknown";
            owner.event(cx, EventType::Warning, "UnknownCompletionMode", message);
            return Ok(Requeue::No);
        }
        let spec = Spec::of(&job);
        let selector = job.at(&["spec", "selector"]).unwrap_or(&Value::Null);
        let pods = claim(cx, &owner, &PODS, selector, |_| true).await?;
        let pods: Vec<JobPod> = pods
            .iter()
            .map(|pod| JobPod::of(pod, &spec))
            .collect::<Result<_, _>>()?;
        let mut survey = Survey::of(&job, &spec, pods, self.record(key), cx.now);
        let next = work::next(&survey);
        let done = self.perform(cx, key, &owner, &survey, &next).await;
        conclude(cx, &owner, &mut survey, &next, &done);
        self.write(cx, key, &owner, &job, &mut survey).await?;
        if let Some(status) = done.failure {
            return Err(status);
        }
        let deadline = survey.deadline().filter(|due| *due > cx.now);
        let deadline = deadline.map(|due| until(due, cx.now));
        let again = done.wait.into_iter().chain(deadline).min();
        Ok(again.map_or(Requeue::No, Requeue::After))
    }

    /// Makes and deletes pods.
    async fn perform(
        &self,
        cx: &Context,
        key: &Key,
        owner: &Owning,
        survey: &Survey<'_>,
        next: &Work,
    ) -> Done {
        match next {
            Work::Nothing => {
                self.refused.clear(key);
                Done::default()
            }
            Work::Wait(wait) => Done {
                wait: Some(*wait),
                ..Done::default()
            },
            Work::End(names) => delete(cx, owner, survey, names, false).await,
            Work::Delete(names) => delete(cx, owner, survey, names, true).await,
            Work::Create(indexes) => {
                self.refused.attempt(key);
                let batch = slow_start(indexes.len(), |place| {
                    let index = indexes.get(place).copied().flatten();
                    create_pod(cx, owner, template::pod(owner, survey, index))
                })
                .await;
                let failure = batch
                    .failure
                    .filter(|status| !namespaces::is_ending(status));
                if failure.is_none() {
                    self.refused.clear(key);
                }
                Done {
                    created: size(batch.succeeded),
                    failure,
                    ..Done::default()
                }
            }
        }
    }

    /// Writes the status, lets pods that are noted go, and writes again what they are counted as.
    async fn write(
        &self,
        cx: &Context,
        key: &Key,
        owner: &Owning,
        job: &Value,
        survey: &mut Survey<'_>,
    ) -> Result<(), Status> {
        let mut written = job.clone();
        let mut tracked = track::track(survey);
        flush(cx, &mut written, &survey.status).await?;
        self.remember(key, survey.record);
        let failure = release(cx, survey, &mut tracked).await;
        track::count_released(&mut survey.status, &tracked.with_finalizer);
        let end = if failure.is_none() {
            track::finish(survey, &tracked)
        } else {
            None
        };
        flush(cx, &mut written, &survey.status).await?;
        if let Some(end) = end {
            self.forget(key);
            tell_end(cx, owner, survey, &end);
        }
        failure.map_or(Ok(()), Err)
    }
}

/// Writes the status if it differs from what is there.
async fn flush(cx: &Context, job: &mut Value, status: &Value) -> Result<(), Status> {
    if job.get("status") == Some(status) {
        return Ok(());
    }
    job.set("status", status.clone());
    *job = cx.update(&JOBS, "status", job.clone()).await?.parse()?;
    Ok(())
}

fn tell_end(cx: &Context, owner: &Owning, survey: &Survey<'_>, end: &Condition) {
    if end.kind != COMPLETE {
        owner.event(cx, EventType::Warning, &end.reason, end.message.as_str());
        return;
    }
    let succeeded = survey.status.int("succeeded").unwrap_or_default();
    if survey
        .spec
        .completions
        .is_some_and(|completions| succeeded > completions)
    {
        let message = "Too many succeeded pods running after completion count reached";
        owner.event(cx, EventType::Warning, "TooManySucceededPods", message);
    }
    owner.event(cx, EventType::Normal, "Completed", "Job completed");
}

/// Deletes pods; those that are not to be counted lose their finalizers first.
async fn delete(
    cx: &Context,
    owner: &Owning,
    survey: &Survey<'_>,
    names: &[CompactString],
    uncounted: bool,
) -> Done {
    let names: BTreeSet<&CompactString> = names.iter().collect();
    let doomed: Vec<&JobPod> = survey
        .pods
        .iter()
        .filter(|pod| names.contains(&pod.cached.meta.name))
        .collect();
    let deletions = doomed.iter().map(|pod| async {
        if uncounted && pod.is_tracked {
            remove_finalizer(cx, &pod.cached).await?;
        }
        gone::passed_over(delete_pod(cx, owner, &pod.cached).await)
    });
    let mut done = Done::default();
    for (pod, result) in doomed.iter().zip(join_all(deletions).await) {
        match result {
            Ok(()) => {
                done.deleted = done.deleted.saturating_add(1);
                let ready = i64::from(pod.is_ready());
                done.deleted_ready = done.deleted_ready.saturating_add(ready);
            }
            Err(status) => done.failure = done.failure.or(Some(status)),
        }
    }
    done
}

/// Takes the finalizer from a pod; one that is gone is fine.
pub(super) async fn remove_finalizer(cx: &Context, pod: &Cached) -> Result<(), Status> {
    let mut patch = Value::object();
    patch
        .child_mut("metadata")
        .set("$deleteFromPrimitiveList/finalizers", vec![FINALIZER]);
    let target = Target::object(&PODS, &pod.meta.namespace, &pod.meta.name);
    gone::passed_over(cx.patch(target, PatchKind::Strategic, patch).await)
}

/// Takes the finalizers from pods that are noted. Returns the first failure.
async fn release(cx: &Context, survey: &Survey<'_>, tracked: &mut Tracked) -> Option<Status> {
    let names: BTreeSet<&CompactString> = tracked.release.iter().collect();
    let released: Vec<&JobPod> = survey
        .pods
        .iter()
        .filter(|pod| names.contains(&pod.cached.meta.name))
        .collect();
    let removals = released.iter().map(|pod| remove_finalizer(cx, &pod.cached));
    let mut failure = None;
    for (pod, result) in released.iter().zip(join_all(removals).await) {
        match result {
            Ok(()) => {
                tracked.with_finalizer.remove(pod.uid());
            }
            Err(status) => failure = failure.or(Some(status)),
        }
    }
    failure
}

/// Works into the status what was done, and whether the Job ends or rests.
fn conclude(cx: &Context, owner: &Owning, survey: &mut Survey<'_>, next: &Work, done: &Done) {
    let count = |is: fn(&JobPod) -> bool| size(survey.pods.iter().filter(|pod| is(pod)).count());
    let before = count(JobPod::is_active);
    let active = before
        .saturating_add(done.created)
        .saturating_sub(done.deleted);
    let ready = count(|pod| pod.is_active() && pod.is_ready()).saturating_sub(done.deleted_ready);
    let terminating = count(JobPod::is_terminating).saturating_add(done.deleted);
    if let Work::End(_) = next {
        // What could not be deleted may still succeed: the Job cannot be said to have ended.
        if done.deleted != before {
            survey.end = None;
        }
    } else if survey.is_complete(active) {
        survey.end = Some(Survey::completion());
    } else if !survey.is_deleted {
        rest_or_resume(cx, owner, survey);
    }
    let status = &mut survey.status;
    if active == 0 {
        status.remove("active");
    } else {
        status.set("active", active);
    }
    status.set("ready", ready);
    status.set("terminating", terminating);
}

/// Notes that a Job was suspended or goes on.
fn rest_or_resume(cx: &Context, owner: &Owning, survey: &mut Survey<'_>) {
    let now = survey.now;
    let is_suspended = survey.spec.is_suspended;
    let (event, reason, message) = if is_suspended {
        ("Suspended", "JobSuspended", "Job suspended")
    } else {
        ("Resumed", "JobResumed", "Job resumed")
    };
    let condition = Condition::new(SUSPENDED, reason, message);
    if !condition.ensure(&mut survey.status, is_suspended, now) {
        return;
    }
    owner.event(cx, EventType::Normal, event, message);
    if !is_suspended {
        // The time that it rested does not count towards its deadline.
        survey.status.set("startTime", now.to_string());
    }
}
