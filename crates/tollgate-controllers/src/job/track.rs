//! Counting: a pod that has ended is noted in the status, then loses its finalizer, then is counted. So none is counted
//! twice and none is lost, whenever the controller stops.

use super::condition::{COMPLETE, Condition, FAILED, FAILURE_TARGET, SUCCESS_CRITERIA_MET};
use super::pod::JobPod;
use super::survey::{Survey, size};
use std::collections::BTreeSet;
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// How many pods may be noted and not counted: the status must not grow without bounds.
const UNCOUNTED_MAX: usize = 500;

/// What the first write of the status is followed by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tracked {
    /// The pods that are to lose their finalizers.
    pub(super) release: Vec<CompactString>,
    /// The pods that have a finalizer, by unique id.
    pub(super) with_finalizer: BTreeSet<CompactString>,
    /// The condition with which the Job ends.
    pub(super) end: Option<Condition>,
    /// Whether more pods wait to be noted.
    pub(super) is_full: bool,
}

fn uids(status: &Value, key: &str) -> Vec<CompactString> {
    let lists = status
        .get("uncountedTerminatedPods")
        .unwrap_or(&Value::Null);
    let uids = lists.items(key).iter().filter_map(Value::as_str);
    uids.map(CompactString::new).collect()
}

fn set_uids(status: &mut Value, key: &str, uids: Vec<CompactString>) {
    let lists = status.child_mut("uncountedTerminatedPods");
    if uids.is_empty() {
        lists.remove(key);
    } else {
        lists.set(key, uids);
    }
}

/// Counts what was noted and has lost its finalizer.
pub(super) fn count_released(status: &mut Value, with_finalizer: &BTreeSet<CompactString>) {
    for key in ["succeeded", "failed"] {
        let noted = uids(status, key);
        let before = noted.len();
        let left: Vec<CompactString> = noted
            .into_iter()
            .filter(|uid| with_finalizer.contains(uid))
            .collect();
        let counted = size(before.saturating_sub(left.len()));
        if counted > 0 {
            let total = status.int(key).unwrap_or_default();
            status.set(key, total.saturating_add(counted));
            set_uids(status, key, left);
        }
    }
}

/// Notes pods that have ended, and the condition under which the Job ends.
pub(super) fn track(survey: &mut Survey<'_>) -> Tracked {
    let tracked = survey.pods.iter().filter(|pod| pod.is_tracked);
    let with_finalizer: BTreeSet<CompactString> = tracked.map(|pod| pod.uid().clone()).collect();
    let mut status = std::mem::take(&mut survey.status);
    count_released(&mut status, &with_finalizer);

    let mut succeeded = uids(&status, "succeeded");
    let mut failed = uids(&status, "failed");
    let mut indexes: BTreeSet<i64> = BTreeSet::new();
    let mut release = Vec::new();
    let mut is_full = false;
    let mut pods: Vec<&JobPod> = survey.pods.iter().filter(|pod| pod.is_tracked).collect();
    pods.sort_by_key(|pod| pod.index);
    for pod in pods {
        if !may_release(survey, pod) {
            continue;
        }
        release.push(pod.cached.meta.name.clone());
        let is_noted = survey.uncounted.failed.contains(pod.uid());
        if pod.has_succeeded() && !is_noted {
            if survey.spec.is_indexed {
                let new = pod.index.filter(|index| survey.is_index(Some(*index)));
                indexes.extend(new.filter(|index| !survey.indexes.before.has(*index)));
            } else if !survey.uncounted.succeeded.contains(pod.uid()) {
                succeeded.push(pod.uid().clone());
            }
        } else if !is_noted && counts_as_failed(survey, pod) {
            failed.push(pod.uid().clone());
        }
        let noted = indexes
            .len()
            .saturating_add(succeeded.len())
            .saturating_add(failed.len());
        if noted >= UNCOUNTED_MAX {
            is_full = true;
            break;
        }
    }
    set_uids(&mut status, "succeeded", succeeded);
    set_uids(&mut status, "failed", failed);
    if survey.spec.is_indexed {
        tell_indexes(survey, &mut status, indexes);
    }
    let end = note_end(survey, &mut status);
    survey.status = status;
    Tracked {
        release,
        with_finalizer,
        end,
        is_full,
    }
}

/// Whether a pod may lose its finalizer.
fn may_release(survey: &Survey<'_>, pod: &JobPod) -> bool {
    if survey.is_deleted || survey.end.is_some() || pod.has_succeeded() {
        return true;
    }
    let is_kept = pod
        .index
        .is_some_and(|index| survey.kept.get(&index) == Some(pod.uid()));
    pod.has_failed && !is_kept
}

/// When a Job has failed, every pod that has not ended has failed.
fn counts_as_failed(survey: &Survey<'_>, pod: &JobPod) -> bool {
    let failed = pod.has_failed || (survey.end.is_some() && !survey.ends_well());
    let is_ours = !survey.spec.is_indexed || survey.is_index(pod.index);
    failed && is_ours && pod.verdict().counts
}

fn tell_indexes(survey: &Survey<'_>, status: &mut Value, new: BTreeSet<i64>) {
    let done = survey.indexes.before.with(new);
    let total = done.total();
    for (key, is_there, value) in [
        ("succeeded", total > 0, Value::from(total)),
        ("completedIndexes", total > 0, Value::from(done.to_string())),
    ] {
        if is_there {
            status.set(key, value);
        } else {
            status.remove(key);
        }
    }
    match &survey.indexes.failed {
        Some(failed) => status.set("failedIndexes", failed.to_string()),
        None => {
            status.remove("failedIndexes");
        }
    }
}

/// Notes why the Job is going to end, and returns the condition with which it does.
fn note_end(survey: &Survey<'_>, status: &mut Value) -> Option<Condition> {
    let end = survey.end.as_ref()?;
    let becomes = match end.kind {
        FAILURE_TARGET => FAILED,
        SUCCESS_CRITERIA_MET => COMPLETE,
        _ => return Some(end.clone()),
    };
    end.ensure(status, true, survey.now);
    Some(Condition {
        kind: becomes,
        ..end.clone()
    })
}

/// Ends the Job, unless pods are still to be counted or on their way out.
pub(super) fn finish(survey: &mut Survey<'_>, tracked: &Tracked) -> Option<Condition> {
    let end = tracked.end.as_ref()?;
    let status = &mut survey.status;
    let open = uids(status, "succeeded")
        .len()
        .saturating_add(uids(status, "failed").len());
    let terminating = status.int("terminating").unwrap_or_default();
    if tracked.is_full || open > 0 || terminating > 0 {
        return None;
    }
    end.ensure(status, true, survey.now);
    if end.kind == COMPLETE {
        status.set("completionTime", survey.now.to_string());
    }
    Some(end.clone())
}
