//! Deployment.

use super::pod_spec;
use super::set::{if_absent, if_empty, structure};
use tollgate_api::Value;

/// Sets the defaults of a Deployment of `apps/v1`.
pub fn set_defaults(deployment: &mut Value) {
    set(deployment, "25%".into(), 10, 600);
}

/// Sets the defaults of a Deployment of `extensions/v1beta1`: one pod at a time, no end to waiting and remembering.
pub fn set_defaults_extensions(deployment: &mut Value) {
    super::labels::set_from_template(deployment, true);
    set(deployment, 1.into(), i32::MAX, i32::MAX);
}

fn set(deployment: &mut Value, step: Value, history: i32, deadline_seconds: i32) {
    let Some(spec) = structure(deployment, "spec") else {
        return;
    };
    if_absent(spec, "replicas", 1);
    if let Some(strategy) = structure(spec, "strategy") {
        if_empty(strategy, "type", "RollingUpdate");
        if strategy.str("type") == Some("RollingUpdate")
            && let Some(parameters) = structure(strategy, "rollingUpdate")
        {
            if_absent(parameters, "maxUnavailable", step.clone());
            if_absent(parameters, "maxSurge", step);
        }
    }
    if_absent(spec, "revisionHistoryLimit", i64::from(history));
    if_absent(spec, "progressDeadlineSeconds", i64::from(deadline_seconds));
    pod_spec::set_template_defaults(spec, "template");
}
