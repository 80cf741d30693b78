//! The strategy of Jobs: a selector that finds the Job's own pods and nobody else's.

use tollgate_api::{Release, Value};

const CONTROLLER_UID: &str = "batch.kubernetes.io/controller-uid";
const JOB_NAME: &str = "batch.kubernetes.io/job-name";
const LEGACY_CONTROLLER_UID: &str = "controller-uid";
const LEGACY_JOB_NAME: &str = "job-name";

/// Prepares a Job that is to be created; its `uid` is there.
pub(super) fn prepare_for_create(job: &mut Value, _release: Release) -> Vec<String> {
    generate_selector(job);
    Vec::new()
}

/// Unless people choose the selector, it is made of the Job's identity, and so are labels of its pods.
fn generate_selector(job: &mut Value) {
    if job.at(&["spec", "manualSelector"]).and_then(Value::as_bool) == Some(true) {
        return;
    }
    let text = |key| {
        job.at(&["metadata", key])
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (uid, name) = (text("uid").to_owned(), text("name").to_owned());
    let spec = job.child_mut("spec");
    let labels = spec
        .child_mut("template")
        .child_mut("metadata")
        .child_mut("labels");
    for (key, value) in [
        (LEGACY_JOB_NAME, &name),
        (JOB_NAME, &name),
        (LEGACY_CONTROLLER_UID, &uid),
        (CONTROLLER_UID, &uid),
    ] {
        labels.set(key, value.clone());
    }
    spec.child_mut("selector")
        .child_mut("matchLabels")
        .set(CONTROLLER_UID, uid);
}
