//! What a Job asks for.

use tollgate_api::Value;

/// The finalizer that keeps a pod until its Job has counted it.
pub(super) const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// The label and the annotation that say which index a pod is for.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The controller that a Job is for unless it says otherwise.
const CONTROLLER: &str = "kubernetes.io/job-controller";

/// The spec of a Job, with what is the default.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a Job has that many independent switches"
)]
pub(super) struct Spec<'j> {
    pub(super) parallelism: i64,
    pub(super) completions: Option<i64>,
    pub(super) is_indexed: bool,
    pub(super) backoff_limit: i64,
    pub(super) backoff_limit_per_index: Option<i64>,
    pub(super) max_failed_indexes: Option<i64>,
    pub(super) active_deadline: Option<i64>,
    pub(super) is_suspended: bool,
    /// Whether pods are replaced only after they have ended.
    pub(super) waits_for_end: bool,
    pub(super) restarts_on_failure: bool,
    pub(super) failure_policy: Option<&'j Value>,
    pub(super) success_policy: Option<&'j Value>,
    pub(super) template: &'j Value,
}

impl<'j> Spec<'j> {
    /// Reads a Job.
    pub(super) fn of(job: &'j Value) -> Self {
        let spec = job.get("spec").unwrap_or(&Value::Null);
        let template = spec.get("template").unwrap_or(&Value::Null);
        let failure_policy = spec.get("podFailurePolicy");
        let restart_policy = template.at(&["spec", "restartPolicy"]);
        Self {
            parallelism: spec.int("parallelism").unwrap_or(1),
            completions: spec.int("completions"),
            is_indexed: spec.str("completionMode") == Some("Indexed"),
            backoff_limit: spec.int("backoffLimit").unwrap_or(6),
            backoff_limit_per_index: spec.int("backoffLimitPerIndex"),
            max_failed_indexes: spec.int("maxFailedIndexes"),
            active_deadline: spec.int("activeDeadlineSeconds"),
            is_suspended: spec.bool("suspend") == Some(true),
            waits_for_end: failure_policy.is_some()
                || spec.str("podReplacementPolicy") == Some("Failed"),
            restarts_on_failure: restart_policy.and_then(Value::as_str) == Some("OnFailure"),
            failure_policy,
            success_policy: spec.get("successPolicy"),
            template,
        }
    }

    /// How many indexes there are.
    pub(super) fn indexes(&self) -> i64 {
        self.completions.unwrap_or_default()
    }
}

/// Whether somebody else looks after a Job.
pub(super) fn is_managed_elsewhere(job: &Value) -> bool {
    let manager = job.get("spec").and_then(|spec| spec.str("managedBy"));
    manager.is_some_and(|manager| manager != CONTROLLER)
}

/// The mode of a Job, if upstream would not know it.
pub(super) fn has_unknown_mode(job: &Value) -> bool {
    let mode = job.get("spec").and_then(|spec| spec.str("completionMode"));
    mode.is_some_and(|mode| !matches!(mode, "Indexed" | "NonIndexed"))
}
