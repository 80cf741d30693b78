//! HorizontalPodAutoscalers between `autoscaling/v1` and `autoscaling/v2`.
//!
//! Version 1 knows one metric, the processor; what else version 2 says travels in annotations, as upstream keeps it.

use tollgate_api::{Value, json};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// A metric that is the average utilization of the processor, which version 1 has fields for.
fn processor(metric: &Value, side: &str) -> Option<(Value, Option<Value>)> {
    let resource = metric.get("resource")?;
    let average = resource.at(&[side, "averageUtilization"])?;
    (metric.str("type") == Some("Resource") && resource.str("name") == Some("cpu")).then(|| {
        (
            average.clone(),
            resource.at(&[side, "averageValue"]).cloned(),
        )
    })
}

pub(super) fn v2_to_v1(object: &mut Value) {
    if let Some(spec) = object.get_mut("spec") {
        let metrics = take_list(spec, "metrics");
        let mut others = Vec::new();
        let mut target = None;
        for metric in metrics {
            match processor(&metric, "target") {
                Some((average, _)) if target.is_none() => target = Some(average),
                _ => others.push(metric),
            }
        }
        if let Some(target) = target {
            spec.set("targetCPUUtilizationPercentage", target);
        }
        let behavior = spec.remove("behavior");
        annotate_list(object, METRICS, others);
        if let Some(behavior) = behavior.filter(|behavior| !behavior.is_null()) {
            annotate(object, BEHAVIOR, &behavior);
        }
    }
    if let Some(status) = object.get_mut("status") {
        let metrics = take_list(status, "currentMetrics");
        let conditions = take_list(status, "conditions");
        if let Some((average, _)) = metrics
            .iter()
            .find_map(|metric| processor(metric, "current"))
        {
            status.set("currentCPUUtilizationPercentage", average);
        }
        annotate_list(object, CURRENT_METRICS, metrics);
        annotate_list(object, CONDITIONS, conditions);
    }
}

pub(super) fn v1_to_v2(object: &mut Value) {
    let metrics = unannotate(object, METRICS);
    let behavior = unannotate(object, BEHAVIOR);
    let current = unannotate(object, CURRENT_METRICS);
    let conditions = unannotate(object, CONDITIONS);
    if let Some(spec) = object.get_mut("spec") {
        let mut all = list(metrics);
        if let Some(target) = spec
            .remove("targetCPUUtilizationPercentage")
            .filter(|target| !target.is_null())
        {
            let mut metric = Value::object();
            metric.set("type", "Resource");
            let resource = metric.child_mut("resource");
            resource.set("name", "cpu");
            resource.child_mut("target").set("type", "Utilization");
            resource
                .child_mut("target")
                .set("averageUtilization", target);
            all.push(metric);
        }
        if !all.is_empty() {
            spec.set("metrics", Value::Array(all));
        }
        if let Some(behavior) = behavior {
            spec.set("behavior", behavior);
        }
    }
    if let Some(status) = object.get_mut("status") {
        status.remove("currentCPUUtilizationPercentage");
        for (key, found) in [("currentMetrics", current), ("conditions", conditions)] {
            let found = list(found);
            if !found.is_empty() {
                status.set(key, Value::Array(found));
            }
        }
    }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn take_list(owner: &mut Value, key: &str) -> Vec<Value> {
    list(owner.remove(key))
}

fn annotate_list(object: &mut Value, key: &'static str, items: Vec<Value>) {
    if !items.is_empty() {
        annotate(object, key, &Value::Array(items));
    }
}

fn annotate(object: &mut Value, key: &'static str, value: &Value) {
    let text = json::to_string(value);
    object
        .child_mut("metadata")
        .child_mut("annotations")
        .set(key, text);
}

fn unannotate(object: &mut Value, key: &str) -> Option<Value> {
    let metadata = object.get_mut("metadata")?;
    let annotations = metadata.get_mut("annotations")?;
    let text = annotations.remove(key)?;
    if annotations
        .as_object()
        .is_some_and(tollgate_api::Object::is_empty)
    {
        metadata.remove("annotations");
    }
    json::from_str(text.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn nothing_is_lost_between_the_versions() {
        let newer = r#"{"metadata":{"name":"a"},"spec":{"maxReplicas":3,
            "behavior":{"scaleDown":{"stabilizationWindowSeconds":5}},
            "metrics":[{"type":"Pods","pods":{"metric":{"name":"x"},"target":{"type":"AverageValue","averageValue":"1"}}},
                {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}]},
            "status":{"desiredReplicas":1,"conditions":[{"type":"ScalingActive","status":"True"}]}}"#;
        let newer = from_str(newer).unwrap();
        let mut object = newer.clone();
        v2_to_v1(&mut object);
        assert_eq!(
            object
                .at(&["spec", "targetCPUUtilizationPercentage"])
                .unwrap()
                .as_i64(),
            Some(70)
        );
        assert!(object.at(&["spec", "metrics"]).is_none());
        v1_to_v2(&mut object);
        assert_eq!(object, newer);
    }
}
