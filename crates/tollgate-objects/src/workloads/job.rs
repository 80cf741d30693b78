//! Job: up to `parallelism` pods at once.

use super::pod::{self, Name};
use super::{Cluster, Plan, UNKNOWN_SUFFIX, replicas};
use tollgate_api::Value;

pub(super) fn plan(template: Option<Value>, job: &Value, _cluster: Cluster) -> Plan {
    let spec = job.get("spec");
    let (pod, pods) = pods(template, job, spec);
    Plan {
        pod,
        pods,
        surge: 0,
        may_shrink: true,
        objects: Vec::new(),
    }
}

/// The first pod of a Job and how many run at once.
pub(super) fn pods(template: Option<Value>, job: &Value, spec: Option<&Value>) -> (Value, u64) {
    let name = pod::name_of(job);
    let indexed = spec.and_then(|spec| spec.str("completionMode")) == Some("Indexed");
    let prefix = if indexed {
        format!("{name}-0")
    } else {
        name.to_owned()
    };
    let mut pod = pod::from_template(template, job, Name::Generated(&prefix));
    if spec.and_then(|spec| spec.bool("manualSelector")) != Some(true) {
        // The registry has put them into the template.
        for key in ["batch.kubernetes.io/job-name", "job-name"] {
            pod::label(&mut pod, key, name);
        }
        let uid = job.at(&["metadata", "uid"]).and_then(Value::as_str);
        for key in ["batch.kubernetes.io/controller-uid", "controller-uid"] {
            pod::label(&mut pod, key, uid.unwrap_or(UNKNOWN_SUFFIX));
        }
    }
    let metadata = pod.child_mut("metadata");
    let mut finalizers = metadata.items("finalizers").to_vec();
    finalizers.push("batch.kubernetes.io/job-tracking".into());
    metadata.set("finalizers", Value::Array(finalizers));
    if indexed {
        add_index(&mut pod, name);
        if spec.is_some_and(|spec| spec.get("backoffLimitPerIndex").is_some()) {
            const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
            pod.child_mut("metadata")
                .child_mut("annotations")
                .set(FAILURES, "0");
        }
    }

    let suspended = spec.and_then(|spec| spec.bool("suspend")) == Some(true);
    let parallelism = replicas(spec, "parallelism", 1);
    let completions = replicas(spec, "completions", u64::MAX);
    (
        pod,
        if suspended {
            0
        } else {
            parallelism.min(completions)
        },
    )
}

fn add_index(pod: &mut Value, job_name: &str) {
    const INDEX: &str = "batch.kubernetes.io/job-completion-index";
    pod::label(pod, INDEX, "0");
    pod.child_mut("metadata")
        .child_mut("annotations")
        .set(INDEX, "0");
    let spec = pod.child_mut("spec");
    spec.set("hostname", format!("{job_name}-0"));
    for list in ["initContainers", "containers"] {
        for container in spec.items_mut(list) {
            let mut env = container.items("env").to_vec();
            if env
                .iter()
                .any(|variable| variable.str("name") == Some("JOB_COMPLETION_INDEX"))
            {
                continue;
            }
            let mut field = Value::object();
            field.set("apiVersion", "v1");
            field.set("fieldPath", format!("metadata.labels['{INDEX}']"));
            let mut variable = Value::object();
            variable.set("name", "JOB_COMPLETION_INDEX");
            variable.child_mut("valueFrom").set("fieldRef", field);
            env.push(variable);
            container.set("env", Value::Array(env));
        }
    }
}
