//! The pods of a Job: its template with what tracking and indexes need.

use super::pod::{FAILURES, IGNORED};
use super::spec::{FINALIZER, INDEX, Spec};
use super::survey::Survey;
use crate::pod_control::{Owning, pod_of_template};
use tollgate_api::Value;

/// How long a name may be that the server adds random characters to.
const PREFIX_BYTES_MAX: usize = 58;
/// The variable that tells a container its index.
const VARIABLE: &str = "JOB_COMPLETION_INDEX";

/// A pod for an index, or for none.
pub(super) fn pod(owner: &Owning, survey: &Survey<'_>, index: Option<i64>) -> Value {
    let spec: &Spec<'_> = survey.spec;
    let mut pod = pod_of_template(owner, spec.template);
    let metadata = pod.child_mut("metadata");
    let mut finalizers = metadata.items("finalizers").to_vec();
    if !finalizers.iter().any(|one| one.as_str() == Some(FINALIZER)) {
        finalizers.push(FINALIZER.into());
    }
    metadata.set("finalizers", finalizers);
    let Some(index) = index else {
        return pod;
    };
    let name = &owner.reference.name;
    metadata.set("generateName", prefix(name, index));
    metadata.child_mut("labels").set(INDEX, index.to_string());
    let annotations = metadata.child_mut("annotations");
    annotations.set(INDEX, index.to_string());
    if spec.backoff_limit_per_index.is_some() {
        let (counted, ignored) = failures(survey, index);
        annotations.set(FAILURES, counted.to_string());
        if ignored > 0 {
            annotations.set(IGNORED, ignored.to_string());
        }
    }
    let pod_spec = pod.child_mut("spec");
    pod_spec.set("hostname", format!("{name}-{index}"));
    for list in ["initContainers", "containers"] {
        for container in pod_spec.items_mut(list) {
            tell_index(container);
        }
    }
    pod
}

/// The beginning of the name of a pod for an index: the Job's name gives way where it is too long.
fn prefix(job: &str, index: i64) -> String {
    let end = format!("-{index}-");
    let room = PREFIX_BYTES_MAX.saturating_sub(end.len());
    let kept = (0..=job.len().min(room))
        .rev()
        .find(|place| job.is_char_boundary(*place))
        .unwrap_or_default();
    format!("{}{end}", job.get(..kept).unwrap_or_default())
}

/// How many failures of an index come before its next pod, and how many that a policy ignored.
fn failures(survey: &Survey<'_>, index: i64) -> (i64, i64) {
    let Some(replaced) = survey.kept_pod(index) else {
        return (0, 0);
    };
    let (counted, ignored) = replaced.failures();
    if replaced.verdict().counts {
        (counted.saturating_add(1), ignored)
    } else {
        (counted, ignored.saturating_add(1))
    }
}

fn tell_index(container: &mut Value) {
    let mut variables = container.items("env").to_vec();
    if variables
        .iter()
        .any(|one| one.str("name") == Some(VARIABLE))
    {
        return;
    }
    let mut field = Value::object();
    field.set("apiVersion", "v1");
    field.set("fieldPath", format!("metadata.labels['{INDEX}']"));
    let mut variable = Value::object();
    variable.set("name", VARIABLE);
    variable.child_mut("valueFrom").set("fieldRef", field);
    variables.push(variable);
    container.set("env", variables);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_give_way_to_the_index() {
        assert_eq!(prefix("sum", 7), "sum-7-");
        let long = prefix(&"a".repeat(80), 12345);
        assert_eq!(long.len(), PREFIX_BYTES_MAX);
        assert!(long.ends_with("a-12345-"));
    }
}
