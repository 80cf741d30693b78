//! Metrics of APIs that nobody serves here: what an autoscaler says without their adapters.

use super::metrics::Failure;
use tollgate_api::Value;

const CUSTOM: &str = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";

/// What comes of a metric that cannot be read.
pub(super) fn failure(namespace: &str, metric_type: &str, metric: &Value) -> Failure {
    let none = Value::Null;
    let of = |side: &str| metric.get(side).unwrap_or(&none);
    let named = |source: &Value| {
        let name = source.at(&["metric", "name"]).and_then(Value::as_str);
        name.unwrap_or_default().to_owned()
    };
    let is_average = |source: &Value| source.at(&["target", "averageValue"]).is_some();
    match metric_type {
        "Pods" => Failure {
            reason: "FailedGetPodsMetric",
            message: format!("unable to get metric {}: {CUSTOM}", named(of("pods"))),
            prefix: "failed to get pods metric value: ".to_owned(),
        },
        "Object" => {
            let source = of("object");
            let (name, about) = (named(source), source.get("describedObject"));
            let about = about.unwrap_or(&none);
            let (kind, object) = (about.str_or_empty("kind"), about.str_or_empty("name"));
            let mut prefix = "failed to get object metric value: ".to_owned();
            if is_average(source) {
                prefix.push_str(&format!("failed to get {name} object metric: "));
            }
            Failure {
                reason: "FailedGetObjectMetric",
                // Upstream has its arguments in this order.
                message: format!(
                    "unable to get metric {name}: {kind} on {namespace} {object}/{CUSTOM}"
                ),
                prefix,
            }
        }
        "External" => {
            let source = of("external");
            let name = named(source);
            let why = if is_average(source) {
                format!("failed to get {name} external metric: ")
            } else {
                format!("failed to get external metric {name}: ")
            };
            let selector = selector(source.at(&["metric", "selector"]));
            Failure {
                reason: "FailedGetExternalMetric",
                message: format!(
                    "unable to get external metric {namespace}/{name}/{selector}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)"
                ),
                prefix: format!("failed to get {name} external metric value: {why}"),
            }
        }
        other => Failure {
            reason: "InvalidMetricSourceType",
            message: format!("unknown metric source type \"{other}\""),
            prefix: String::new(),
        },
    }
}

/// A label selector as Go prints it.
fn selector(selector: Option<&Value>) -> String {
    let Some(selector) = selector else {
        return "nil".to_owned();
    };
    let mut labels: Vec<String> = selector
        .str_entries("matchLabels")
        .map(|(key, value)| format!("{key}: {value},"))
        .collect();
    labels.sort();
    let expressions = selector.items("matchExpressions").iter();
    let expressions = expressions.map(|expression| {
        let values = expression.items("values").iter();
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        format!(
            "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
            expression.str_or_empty("key"),
            expression.str_or_empty("operator"),
            values.join(" ")
        )
    });
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        labels.concat(),
        expressions.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(metric: &str, reason: &str, message: &str, prefix: &str) {
        let metric = from_str(metric).unwrap();
        let failure = failure("shop", metric.str("type").unwrap(), &metric);
        let got = (
            failure.reason,
            failure.message.as_str(),
            failure.prefix.as_str(),
        );
        assert_eq!(got, (reason, message, prefix));
    }

    #[test]
    fn metrics_of_missing_adapters_fail_in_words_of_their_own() {
        check(
            r#"{"type":"Pods","pods":{"metric":{"name":"hits"},"target":{"type":"AverageValue","averageValue":"5"}}}"#,
            "FailedGetPodsMetric",
            &format!("unable to get metric hits: {CUSTOM}"),
            "failed to get pods metric value: ",
        );
        check(
            r#"{"type":"Object","object":{"metric":{"name":"hits"},"describedObject":{"kind":"Service","name":"web"},
            "target":{"type":"Value","value":"5"}}}"#,
            "FailedGetObjectMetric",
            &format!("unable to get metric hits: Service on shop web/{CUSTOM}"),
            "failed to get object metric value: ",
        );
        check(
            r#"{"type":"External","external":{"metric":{"name":"queue","selector":{"matchLabels":{"b":"2","a":"1"},
            "matchExpressions":[{"key":"k","operator":"In","values":["x","y"]}]}},"target":{"type":"AverageValue","averageValue":"5"}}}"#,
            "FailedGetExternalMetric",
            "unable to get external metric shop/queue/&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue.external.metrics.k8s.io)",
            "failed to get queue external metric value: failed to get queue external metric: ",
        );
        check(
            r#"{"type":"External","external":{"metric":{"name":"queue"},"target":{"type":"Value","value":"5"}}}"#,
            "FailedGetExternalMetric",
            "unable to get external metric shop/queue/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue.external.metrics.k8s.io)",
            "failed to get queue external metric value: failed to get external metric queue: ",
        );
    }
}
