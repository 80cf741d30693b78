//! Which pods a Job needs and which it does not.

use super::backoff;
use super::pod::JobPod;
use super::survey::{Survey, size};
use crate::driver::Phase;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tollgate_api::Timestamp;
use tollgate_api::value::CompactString;

/// How many pods are made or deleted in one go.
pub(super) const BATCH_MAX: usize = 500;

/// What is to be done with pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    /// Nothing.
    Nothing,
    /// The Job ends: all that run are deleted, and counted when they are gone.
    End(Vec<CompactString>),
    /// Some that run are too many; they are not counted.
    Delete(Vec<CompactString>),
    /// Some are missing: for these indexes, or for none.
    Create(Vec<Option<i64>>),
    /// Some are missing, but it is too early to replace what failed.
    Wait(Duration),
}

fn names<'p>(pods: impl IntoIterator<Item = &'p JobPod>) -> Vec<CompactString> {
    let names = pods.into_iter().map(|pod| pod.cached.meta.name.clone());
    names.collect()
}

/// What is to be done next.
pub(super) fn next(survey: &Survey<'_>) -> Work {
    let active: Vec<&JobPod> = survey.pods.iter().filter(|pod| pod.is_active()).collect();
    if survey.end.is_some() {
        return Work::End(names(active));
    }
    if survey.is_deleted {
        return Work::Nothing;
    }
    let running = size(active.len());
    if survey.spec.is_suspended {
        return delete(survey, &active, active.len());
    }
    let wanted = wanted(survey, running);
    let too_many = usize::try_from(running.saturating_sub(wanted)).unwrap_or_default();
    if let Work::Delete(names) = delete(survey, &active, too_many) {
        return Work::Delete(names);
    }
    let terminating = survey.pods.iter().filter(|pod| pod.is_terminating());
    let blocked = if survey.spec.waits_for_end {
        size(terminating.count())
    } else {
        0
    };
    let missing = wanted.saturating_sub(blocked).saturating_sub(running);
    let missing = usize::try_from(missing).unwrap_or_default().min(BATCH_MAX);
    if missing == 0 {
        return Work::Nothing;
    }
    create(survey, missing)
}

/// How many pods should run.
fn wanted(survey: &Survey<'_>, running: i64) -> i64 {
    let parallelism = survey.spec.parallelism;
    match survey.spec.completions {
        // One success is enough: what runs may go on, nothing is added.
        None if survey.succeeded > 0 => running,
        None => parallelism,
        Some(completions) => {
            let open = completions.saturating_sub(survey.succeeded);
            open.min(parallelism).max(0)
        }
    }
}

fn delete(survey: &Survey<'_>, active: &[&JobPod], at_least: usize) -> Work {
    let (mut doomed, mut left) = if survey.spec.is_indexed {
        misplaced(survey, active)
    } else {
        (Vec::new(), active.to_vec())
    };
    if doomed.len() < at_least {
        left.sort_by_key(|pod| rank(pod));
        left.truncate(at_least.saturating_sub(doomed.len()));
        doomed.append(&mut left);
    }
    doomed.truncate(BATCH_MAX);
    if doomed.is_empty() {
        Work::Nothing
    } else {
        Work::Delete(names(doomed))
    }
}

/// Pods without an index of the Job, and all but one for each index; and the others.
fn misplaced<'p>(survey: &Survey<'_>, active: &[&'p JobPod]) -> (Vec<&'p JobPod>, Vec<&'p JobPod>) {
    let mut doomed = Vec::new();
    let mut by_index: BTreeMap<i64, Vec<&JobPod>> = BTreeMap::new();
    for pod in active {
        match pod.index.filter(|index| survey.is_index(Some(*index))) {
            Some(index) => by_index.entry(index).or_default().push(pod),
            None => doomed.push(*pod),
        }
    }
    let mut left = Vec::new();
    for mut pods in by_index.into_values() {
        pods.sort_by_key(|pod| rank(pod));
        left.extend(pods.pop());
        doomed.append(&mut pods);
    }
    (doomed, left)
}

/// Those that would be missed least come first: not placed, not running, not ready, ready for a short time, restarted often,
/// young.
fn rank(pod: &JobPod) -> impl Ord + use<> {
    let state = pod.cached.pod.as_deref().cloned().unwrap_or_default();
    let phase = match state.phase {
        Phase::Pending => 0_u8,
        Phase::Unknown => 1,
        _ => 2,
    };
    let since = |time: Timestamp| std::cmp::Reverse(time);
    (
        !state.node.is_empty(),
        phase,
        state.ready_since.map(since),
        std::cmp::Reverse(state.restarts),
        since(pod.cached.meta.created),
        pod.cached.meta.name.clone(),
    )
}

fn create(survey: &Survey<'_>, missing: usize) -> Work {
    let now = survey.now;
    let per_index = survey.spec.backoff_limit_per_index.is_some();
    if !per_index && let Some(wait) = survey.record.remaining(now) {
        return Work::Wait(wait);
    }
    if !survey.spec.is_indexed {
        return Work::Create(vec![None; missing]);
    }
    let indexes = pending_indexes(survey, missing);
    let waits = |index: i64| {
        let pod = survey.kept_pod(index).filter(|_| per_index)?;
        let (counted, ignored) = pod.failures();
        let failures = counted.saturating_add(ignored).saturating_add(1);
        backoff::remaining(failures, pod.finished(), now)
    };
    let ready = indexes
        .iter()
        .copied()
        .filter(|index| waits(*index).is_none());
    let ready: Vec<Option<i64>> = ready.map(Some).collect();
    if ready.is_empty() {
        let first = indexes.iter().filter_map(|index| waits(*index)).min();
        return first.map_or(Work::Nothing, Work::Wait);
    }
    Work::Create(ready)
}

/// The first indexes that nobody works on and that have not been settled.
fn pending_indexes(survey: &Survey<'_>, count: usize) -> Vec<i64> {
    let is_taken =
        |pod: &&JobPod| pod.is_active() || (survey.spec.waits_for_end && pod.is_terminating());
    let taken = survey.pods.iter().filter(is_taken);
    let taken: BTreeSet<i64> = taken.filter_map(|pod| pod.index).collect();
    let mut settled = survey.indexes.succeeded.with(taken);
    if let Some(failed) = &survey.indexes.failed {
        settled = settled.union(failed);
    }
    settled.gaps(count, survey.spec.indexes())
}
