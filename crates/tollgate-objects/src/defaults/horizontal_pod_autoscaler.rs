//! HorizontalPodAutoscaler.

use super::set::{if_absent, pointer, structure};
use tollgate_api::Value;

/// The CPU utilization that is aimed at, in percent.
const CPU_UTILIZATION: i64 = 80;

/// Sets the defaults of an autoscaler of `autoscaling/v2`.
pub fn set_defaults(autoscaler: &mut Value) {
    let Some(spec) = structure(autoscaler, "spec") else {
        return;
    };
    if_absent(spec, "minReplicas", 1);
    let has_metrics = match spec.get("metrics") {
        None => false,
        Some(metrics) => metrics.as_array().is_none_or(|metrics| !metrics.is_empty()),
    };
    if !has_metrics {
        spec.set("metrics", Value::Array(vec![cpu_metric()]));
    }
    let Some(behavior) = pointer(spec, "behavior") else {
        return;
    };
    if let Some(rules) = structure(behavior, "scaleUp") {
        if_absent(rules, "stabilizationWindowSeconds", 0);
        if_absent(rules, "selectPolicy", "Max");
        if_absent(
            rules,
            "policies",
            vec![policy("Pods", 4), policy("Percent", 100)],
        );
    }
    if let Some(rules) = structure(behavior, "scaleDown") {
        if_absent(rules, "selectPolicy", "Max");
        if_absent(rules, "policies", vec![policy("Percent", 100)]);
    }
}

/// Sets the defaults of an autoscaler of `autoscaling/v1`, which can name only one metric in a field; others stand in
/// an annotation.
pub fn set_defaults_v1(autoscaler: &mut Value) {
    let other_metrics = autoscaler
        .at(&["metadata", "annotations"])
        .and_then(|annotations| annotations.get("autoscaling.alpha.kubernetes.io/metrics"))
        .is_some();
    if let Some(spec) = structure(autoscaler, "spec") {
        if_absent(spec, "minReplicas", 1);
        if !other_metrics {
            if_absent(spec, "targetCPUUtilizationPercentage", CPU_UTILIZATION);
        }
    }
}

fn cpu_metric() -> Value {
    let mut target: Value = [("type", "Utilization")].into_iter().collect();
    target.set("averageUtilization", CPU_UTILIZATION);
    let mut resource: Value = [("name", "cpu")].into_iter().collect();
    resource.set("target", target);
    let mut metric: Value = [("type", "Resource")].into_iter().collect();
    metric.set("resource", resource);
    metric
}

fn policy(kind: &'static str, value: i64) -> Value {
    let mut policy: Value = [("type", kind)].into_iter().collect();
    policy.set("value", value);
    policy.set("periodSeconds", 15);
    policy
}
