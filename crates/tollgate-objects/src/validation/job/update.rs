//! What an update of a Job may not change.

use super::{failure_policy, is_indexed, success_policy, validate_create, validate_selected_spec};
use crate::validation::{Options, go_struct, go_values, object_meta_update, workload};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// What a Job that is suspended and has not started may change in its template's spec.
const SCHEDULING: [&str; 4] = ["affinity", "nodeSelector", "schedulingGates", "tolerations"];

/// Validates what a Job becomes by an update.
pub(in crate::validation) fn validate_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_create(new, options, errors);
    workload::metadata_update(new, old, errors);
    validate_selected_spec(workload::spec(new), options, errors);
    let (spec, before) = (workload::spec(new), workload::spec(old));
    let path = Path::root("spec");
    completions(spec, before, &path, errors);
    stays("selector", spec, before, &path, go_values::selector, errors);
    template(spec, before, old, &path, errors);
    stays("completionMode", spec, before, &path, Value::clone, errors);
    stays(
        "podFailurePolicy",
        spec,
        before,
        &path,
        failure_policy::shown,
        errors,
    );
    stays(
        "backoffLimitPerIndex",
        spec,
        before,
        &path,
        Value::clone,
        errors,
    );
    stays("managedBy", spec, before, &path, Value::clone, errors);
    stays(
        "successPolicy",
        spec,
        before,
        &path,
        success_policy::shown,
        errors,
    );
}

fn stays(
    field: &'static str,
    new: &Value,
    old: &Value,
    path: &Path<'_>,
    shown: fn(&Value) -> Value,
    errors: &mut Errors,
) {
    if new.get(field) != old.get(field) {
        let value = new.get(field).map(shown).unwrap_or_default();
        object_meta_update::immutable(&path.child(field), value, errors);
    }
}

/// An indexed Job may grow and shrink, if as many pods run at once as there are indexes.
fn completions(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (now, before) = (new.int("completions"), old.int("completions"));
    if now == before {
        return;
    }
    let path = path.child("completions");
    let value = new.get("completions").cloned().unwrap_or_default();
    if !is_indexed(new) {
        object_meta_update::immutable(&path, value, errors);
    } else if now.is_some() && now != new.int("parallelism") {
        let why = "can only be modified in tandem with spec.parallelism";
        errors.push(Error::invalid(&path, value, why));
    }
}

/// Whether a Job has no pods: it has not begun, or has come to rest.
fn rests(job: &Value) -> bool {
    let nothing = Value::Null;
    let status = job.get("status").unwrap_or(&nothing);
    let is_suspended = |condition: &Value| {
        condition.str("type") == Some("Suspended") && condition.str("status") == Some("True")
    };
    workload::spec(job).bool("suspend") == Some(true)
        && (status.get("startTime").is_none()
            || status.items("conditions").iter().any(is_suspended))
        && status.int("active").unwrap_or_default() == 0
}

/// The template stays, but for scheduling and resources of a Job that rests.
fn template(new: &Value, old: &Value, old_job: &Value, path: &Path<'_>, errors: &mut Errors) {
    let [mut now, mut before] =
        [new, old].map(|spec| spec.get("template").cloned().unwrap_or_default());
    let rests = rests(old_job);
    if rests {
        for template in [&mut now, &mut before] {
            forget_scheduling(template);
        }
    }
    let shown = |template: &Value| {
        let mut job = Value::object();
        job.child_mut("spec").set("template", template.clone());
        go_struct::of_field("batch/v1", "Job", "spec.template", &job)
    };
    if go_struct::same(&shown(&now), &shown(&before)) {
        return;
    }
    let path = path.child("template");
    let mut value = shown(new.get("template").unwrap_or(&Value::Null));
    if rests {
        let value = value.remove("Spec").unwrap_or_default();
        object_meta_update::immutable(&path.child("spec"), value, errors);
    } else {
        object_meta_update::immutable(&path, value, errors);
    }
}

fn forget_scheduling(template: &mut Value) {
    if let Some(metadata) = template.get_mut("metadata") {
        metadata.remove("annotations");
        metadata.remove("labels");
    }
    let Some(spec) = template.get_mut("spec") else {
        return;
    };
    for field in SCHEDULING {
        spec.remove(field);
    }
    for list in ["containers", "initContainers"] {
        for container in spec.items_mut(list) {
            container.remove("resources");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn a_job_rests_before_it_begins_and_once_its_pods_are_gone() {
        let rests = |suspend: bool, status: &str| {
            let text = format!(r#"{{"spec":{{"suspend":{suspend}}},"status":{status}}}"#);
            rests(&from_str(&text).unwrap())
        };
        let started = |more: &str| format!(r#"{{"startTime":"2026-01-15T12:00:00Z"{more}}}"#);
        let suspended = r#","conditions":[{"type":"Suspended","status":"True"}]"#;
        assert!(rests(true, "{}"));
        assert!(!rests(false, "{}"));
        assert!(!rests(true, &started("")));
        assert!(rests(true, &started(suspended)));
        assert!(!rests(
            true,
            &started(&format!(r#"{suspended},"active":1"#))
        ));
    }
}
