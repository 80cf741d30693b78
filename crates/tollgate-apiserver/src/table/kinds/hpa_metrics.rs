//! What an autoscaler looks at: `cpu: 33%/70%, 12/100 + 2 more...`.
//!
//! The oldest version says the use of the processor in a field and everything else in annotations.

use crate::table::text::{NONE, few, quantity};
use tollgate_api::{Value, json};

const UNKNOWN: &str = "<unknown>";
const SHOWN_MAX: usize = 2;
const OLD_METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const OLD_CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";

/// Every metric with its current value and its target.
pub(super) fn targets(object: &Value) -> String {
    let (specs, statuses) = metrics(object);
    if specs.is_empty() {
        return NONE.to_owned();
    }
    let texts: Vec<String> = specs
        .iter()
        .enumerate()
        .map(|(index, spec)| target(spec, statuses.get(index)))
        .collect();
    few(&texts, SHOWN_MAX, ", ")
}

fn target(spec: &Value, status: Option<&Value>) -> String {
    let kind = spec.str_or_empty("type");
    let key = match kind {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let target = spec.at(&[key, "target"]).unwrap_or(&Value::Null);
    let current = status.and_then(|status| status.at(&[key, "current"]));
    let average = target.get("averageValue");
    let current_of = |field: &str| {
        let found = current.and_then(|current| current.get(field));
        found.map_or_else(|| UNKNOWN.to_owned(), |value| quantity(Some(value)))
    };
    match (kind, average) {
        ("Pods", _) => format!("{}/{}", current_of("averageValue"), quantity(average)),
        ("External" | "Object", Some(_)) => {
            format!("{}/{} (avg)", current_of("averageValue"), quantity(average))
        }
        ("External" | "Object", None) => {
            format!("{}/{}", current_of("value"), quantity(target.get("value")))
        }
        (_, Some(_)) => {
            let name = spec
                .at(&[key, "name"])
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!(
                "{name}: {}/{}",
                current_of("averageValue"),
                quantity(average)
            )
        }
        (_, None) => {
            let percent = |from: Option<&Value>, nothing: &str| {
                let found = from.and_then(|from| from.int("averageUtilization"));
                found.map_or_else(|| nothing.to_owned(), |found| format!("{found}%"))
            };
            let name = spec
                .at(&[key, "name"])
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!(
                "{name}: {}/{}",
                percent(current, UNKNOWN),
                percent(Some(target), "<auto>")
            )
        }
    }
}

/// The metrics and their current values in the form of the newest version.
fn metrics(object: &Value) -> (Vec<Value>, Vec<Value>) {
    let listed = |path: [&str; 2]| {
        object
            .at(&path)
            .and_then(Value::as_array)
            .map(<[Value]>::to_vec)
    };
    if let Some(specs) = listed(["spec", "metrics"]) {
        return (
            specs,
            listed(["status", "currentMetrics"]).unwrap_or_default(),
        );
    }
    let mut specs = annotation(object, OLD_METRICS);
    let mut statuses = annotation(object, OLD_CURRENT);
    if let Some(percent) = object.at(&["spec", "targetCPUUtilizationPercentage"]) {
        specs.push(cpu("target", percent));
    }
    if let (Some(percent), true) = (
        object.at(&["status", "currentCPUUtilizationPercentage"]),
        statuses.is_empty(),
    ) {
        statuses.push(cpu("current", percent));
    }
    (specs, statuses)
}

fn cpu(side: &'static str, percent: &Value) -> Value {
    let mut metric = Value::object();
    metric.set("type", "Resource");
    let resource = metric.child_mut("resource");
    resource.set("name", "cpu");
    resource
        .child_mut(side)
        .set("averageUtilization", percent.clone());
    metric
}

/// The metrics in an annotation, with the fields where the newest version has them.
fn annotation(object: &Value, key: &str) -> Vec<Value> {
    let text = object
        .at(&["metadata", "annotations", key])
        .and_then(Value::as_str);
    let Some(Ok(Value::Array(mut metrics))) = text.map(json::from_str) else {
        return Vec::new();
    };
    for metric in &mut metrics {
        for place in [
            "external",
            "pods",
            "object",
            "resource",
            "containerResource",
        ] {
            let Some(inner) = metric.get_mut(place) else {
                continue;
            };
            for (old, side, new) in [
                ("targetAverageUtilization", "target", "averageUtilization"),
                ("targetAverageValue", "target", "averageValue"),
                ("targetValue", "target", "value"),
                ("currentAverageUtilization", "current", "averageUtilization"),
                ("currentAverageValue", "current", "averageValue"),
                ("currentValue", "current", "value"),
                (
                    "averageValue",
                    if key == OLD_METRICS {
                        "target"
                    } else {
                        "current"
                    },
                    "averageValue",
                ),
            ] {
                if let Some(value) = inner.get(old).cloned() {
                    inner.child_mut(side).set(new, value);
                }
            }
            // The old version says which object in the place of the target.
            if place == "object"
                && let Some(value) = inner.get("targetValue").cloned()
            {
                let mut target = Value::object();
                target.set("value", value);
                inner.set("target", target);
            }
        }
    }
    metrics
}
