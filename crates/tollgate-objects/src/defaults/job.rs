//! Job.

use super::pod_spec;
use super::set::{if_absent, if_empty, pointer, structure, structures};
use tollgate_api::{Object, Value};

/// Sets the defaults of a Job.
pub fn set_defaults(job: &mut Value) {
    set_labels(job);
    let Some(spec) = structure(job, "spec") else {
        return;
    };
    if spec.get("completions").is_none() && spec.get("parallelism").is_none() {
        if_absent(spec, "completions", 1);
    }
    if_absent(spec, "parallelism", 1);
    // With a limit per index the total is left to that.
    let backoff_limit = match spec.get("backoffLimitPerIndex") {
        Some(_) => i64::from(i32::MAX),
        None => 6,
    };
    if_absent(spec, "backoffLimit", backoff_limit);
    if_absent(spec, "completionMode", "NonIndexed");
    if_absent(spec, "suspend", false);
    if_absent(spec, "manualSelector", false);
    let replacement = match spec.get("podFailurePolicy") {
        Some(_) => "Failed",
        None => "TerminatingOrFailed",
    };
    if_absent(spec, "podReplacementPolicy", replacement);
    if let Some(policy) = pointer(spec, "podFailurePolicy") {
        for rule in structures(policy, "rules") {
            for condition in structures(rule, "onPodConditions") {
                if_empty(condition, "status", "True");
            }
        }
    }
    pod_spec::set_template_defaults(spec, "template");
}

/// A Job without labels takes those of its pods.
fn set_labels(job: &mut Value) {
    let labels = job.at(&["spec", "template", "metadata", "labels"]).cloned();
    if let Some(labels @ Value::Object(_)) = labels
        && let Some(metadata) = structure(job, "metadata")
        && metadata
            .get("labels")
            .is_none_or(|there| there.as_object().is_some_and(Object::is_empty))
    {
        metadata.set("labels", labels);
    }
}
