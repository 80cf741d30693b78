//! What there is of a Job: how many of its pods have ended how, and whether that decides it.

use super::backoff::Record;
use super::condition::{
    COMPLETE, Condition, FAILED, FAILURE_TARGET, SUCCESS_CRITERIA_MET, SUSPENDED,
};
use super::intervals::Intervals;
use super::pod::JobPod;
use super::policy;
use super::spec::Spec;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value};

/// What is known of a Job.
#[derive(Debug)]
pub(super) struct Survey<'j> {
    pub(super) spec: &'j Spec<'j>,
    pub(super) is_deleted: bool,
    pub(super) now: Timestamp,
    /// The status as it becomes.
    pub(super) status: Value,
    pub(super) pods: Vec<JobPod>,
    /// How many pods have succeeded and failed, those among them that have not been counted yet.
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    pub(super) uncounted: Uncounted,
    pub(super) record: Record,
    pub(super) indexes: Indexes,
    /// Failed pods that are kept until another takes their index, for it counts on.
    pub(super) kept: BTreeMap<i64, CompactString>,
    /// Why the Job is to end.
    pub(super) end: Option<Condition>,
}

/// Pods that were noted in the status before their finalizers went.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Uncounted {
    pub(super) succeeded: BTreeSet<CompactString>,
    pub(super) failed: BTreeSet<CompactString>,
}

/// The indexes of an indexed Job.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Indexes {
    /// Those that had succeeded before.
    pub(super) before: Intervals,
    /// Those that have succeeded.
    pub(super) succeeded: Intervals,
    /// Those that have failed for good, where that can be.
    pub(super) failed: Option<Intervals>,
}

impl Uncounted {
    fn of(status: &Value) -> Self {
        let lists = status
            .get("uncountedTerminatedPods")
            .unwrap_or(&Value::Null);
        let read = |key| {
            let uids = lists.items(key).iter().filter_map(Value::as_str);
            uids.map(CompactString::new).collect()
        };
        Self {
            succeeded: read("succeeded"),
            failed: read("failed"),
        }
    }
}

pub(super) fn size(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl<'j> Survey<'j> {
    /// Surveys a Job that has not ended.
    pub(super) fn of(
        job: &Value,
        spec: &'j Spec<'j>,
        pods: Vec<JobPod>,
        record: Record,
        now: Timestamp,
    ) -> Self {
        let mut status = job.get("status").cloned().unwrap_or_else(Value::object);
        status.set_default("uncountedTerminatedPods", Value::object);
        let mut survey = Self {
            spec,
            is_deleted: job.at(&["metadata", "deletionTimestamp"]).is_some(),
            now,
            uncounted: Uncounted::of(&status),
            status,
            pods,
            succeeded: 0,
            failed: 0,
            record,
            indexes: Indexes::default(),
            kept: BTreeMap::new(),
            end: None,
        };
        survey.count();
        if survey.status.get("startTime").is_none() && !spec.is_suspended {
            survey.status.set("startTime", now.to_string());
        }
        survey.end = survey.earlier_end().or_else(|| survey.limit_passed());
        if spec.is_indexed {
            survey.survey_indexes();
        }
        survey
    }

    /// Whether an index is one of the Job's.
    pub(super) fn is_index(&self, index: Option<i64>) -> bool {
        index.is_some_and(|index| index < self.spec.indexes())
    }

    /// The pods that have not been counted and have a right to be.
    fn uncounted_pods(&self) -> impl Iterator<Item = &JobPod> {
        let counts = |pod: &&JobPod| !self.spec.is_indexed || self.is_index(pod.index);
        self.pods.iter().filter(|pod| pod.is_tracked).filter(counts)
    }

    fn count(&mut self) {
        let succeeded: Vec<Timestamp> = self
            .uncounted_pods()
            .filter(|pod| pod.has_succeeded() && !self.uncounted.succeeded.contains(pod.uid()))
            .map(JobPod::finished)
            .collect();
        let failed: Vec<&JobPod> = self
            .uncounted_pods()
            .filter(|pod| pod.has_failed && !self.uncounted.failed.contains(pod.uid()))
            .collect();
        let counted = failed.iter().filter(|pod| pod.verdict().counts).count();
        let ends: Vec<Timestamp> = failed.iter().map(|pod| pod.finished()).collect();
        let before = |key| self.status.int(key).unwrap_or_default();
        let sum = |before: i64, new: usize, noted: usize| {
            before.saturating_add(size(new)).saturating_add(size(noted))
        };
        let noted = &self.uncounted;
        let all_succeeded = sum(before("succeeded"), succeeded.len(), noted.succeeded.len());
        let all_failed = sum(before("failed"), counted, noted.failed.len());
        self.record = self.record.with(&succeeded, &ends);
        (self.succeeded, self.failed) = (all_succeeded, all_failed);
    }

    /// The end that was decided before.
    fn earlier_end(&self) -> Option<Condition> {
        Condition::found(&self.status, SUCCESS_CRITERIA_MET, SUCCESS_CRITERIA_MET)
            .or_else(|| Condition::found(&self.status, FAILURE_TARGET, FAILED))
            .or_else(|| {
                let mut failed = self.pods.iter().filter(|pod| pod.has_failed);
                let message = failed.find_map(|pod| pod.verdict().fails_job)?;
                Some(Condition::new(FAILURE_TARGET, "PodFailurePolicy", message))
            })
    }

    fn limit_passed(&self) -> Option<Condition> {
        let restarts = self.pods.iter().map(JobPod::restarts);
        let restarts = restarts.fold(0, i64::saturating_add);
        let limit = self.spec.backoff_limit;
        let restarted = self.spec.restarts_on_failure && restarts > 0 && restarts >= limit;
        if self.failed > limit || restarted {
            return Some(Condition::new(
                FAILURE_TARGET,
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            ));
        }
        self.deadline().filter(|due| *due <= self.now).map(|_| {
            Condition::new(
                FAILURE_TARGET,
                "DeadlineExceeded",
                "Job was active longer than specified deadline",
            )
        })
    }

    /// When the Job will have been active for too long. One that has just been told to go on begins anew.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let seconds = self.spec.active_deadline?;
        let start = self.status.str("startTime").and_then(Timestamp::parse)?;
        let rested = Condition::found(&self.status, SUSPENDED, SUSPENDED).is_some();
        (!self.spec.is_suspended && !rested).then(|| start.saturating_add_seconds(seconds))
    }

    fn survey_indexes(&mut self) {
        let completions = self.spec.indexes();
        let done = self.status.str_or_empty("completedIndexes");
        let before = Intervals::parse(done, completions);
        let new = self.uncounted_pods().filter(|pod| pod.has_succeeded());
        let succeeded = before.with(new.filter_map(|pod| pod.index));
        self.succeeded = succeeded.total();
        let failed = self.spec.backoff_limit_per_index.map(|limit| {
            let before = self.status.str_or_empty("failedIndexes");
            let new = self.uncounted_pods().filter(|pod| {
                let verdict = pod.verdict();
                let is_last = verdict.counts && pod.failures().0 >= limit;
                pod.has_failed && (verdict.fails_index || is_last)
            });
            Intervals::parse(before, completions).with(new.filter_map(|pod| pod.index))
        });
        self.indexes = Indexes {
            before,
            succeeded,
            failed,
        };
        if self.end.is_none() {
            self.end = self.indexes_failed();
        }
        if self.indexes.failed.is_some() {
            self.kept = self.keep_failed();
        }
        if self.end.is_none() {
            let policy = self.spec.success_policy;
            let met = policy::met(policy, completions, &self.indexes.succeeded);
            self.end =
                met.map(|message| Condition::new(SUCCESS_CRITERIA_MET, "SuccessPolicy", message));
        }
    }

    fn indexes_failed(&self) -> Option<Condition> {
        let failed = self.indexes.failed.as_ref()?.total();
        let settled = failed.saturating_add(self.indexes.succeeded.total());
        if self.spec.max_failed_indexes.is_some_and(|max| failed > max) {
            return Some(Condition::new(
                FAILURE_TARGET,
                "MaxFailedIndexesExceeded",
                "Job has exceeded the specified maximal number of failed indexes",
            ));
        }
        (failed > 0 && settled >= self.spec.indexes())
            .then(|| Condition::new(FAILURE_TARGET, "FailedIndexes", "Job has failed indexes"))
    }

    /// The last failed pod of each index that nobody works on and that has not been settled.
    fn keep_failed(&self) -> BTreeMap<i64, CompactString> {
        let active: BTreeSet<i64> = self
            .pods
            .iter()
            .filter(|pod| pod.is_active())
            .filter_map(|pod| pod.index)
            .collect();
        let mut last: BTreeMap<i64, &JobPod> = BTreeMap::new();
        for pod in self.uncounted_pods().filter(|pod| pod.has_failed) {
            let Some(index) = pod.index else {
                continue;
            };
            let failed = self.indexes.failed.as_ref();
            if active.contains(&index)
                || self.indexes.succeeded.has(index)
                || failed.is_some_and(|failed| failed.has(index))
            {
                continue;
            }
            let order = |pod: &JobPod| {
                let (counted, ignored) = pod.failures();
                (counted.saturating_add(ignored), pod.finished())
            };
            let place = last.entry(index).or_insert(pod);
            if order(place) <= order(pod) {
                *place = pod;
            }
        }
        last.into_iter()
            .map(|(index, pod)| (index, pod.uid().clone()))
            .collect()
    }

    /// The failed pod whose place on an index is to be taken.
    pub(super) fn kept_pod(&self, index: i64) -> Option<&JobPod> {
        let uid = self.kept.get(&index)?;
        self.pods.iter().find(|pod| pod.uid() == uid)
    }

    /// Whether enough pods have succeeded; `active` still run.
    pub(super) fn is_complete(&self, active: i64) -> bool {
        let enough = match self.spec.completions {
            None => self.succeeded > 0,
            Some(completions) => self.succeeded >= completions,
        };
        enough && active == 0
    }

    /// The end of a Job of which enough pods have succeeded.
    pub(super) fn completion() -> Condition {
        let message = "Reached expected number of succeeded pods";
        Condition::new(SUCCESS_CRITERIA_MET, "CompletionsReached", message)
    }

    /// Whether the end that was decided is a success.
    pub(super) fn ends_well(&self) -> bool {
        let end = self.end.as_ref();
        end.is_some_and(|end| matches!(end.kind, SUCCESS_CRITERIA_MET | COMPLETE))
    }
}
