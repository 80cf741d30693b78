//! Autoscalers and scales.

use super::hpa_metrics;
use crate::table::text::{UNSET, age, int_at, name, str_at};
use tollgate_api::{Timestamp, Value};

pub(super) fn horizontal_pod_autoscaler(object: &Value, now: Timestamp) -> Vec<Value> {
    let of = |key| str_at(object, &["spec", "scaleTargetRef", key]);
    let least = object.at(&["spec", "minReplicas"]).and_then(Value::as_i64);
    vec![
        name(object),
        format!("{}/{}", of("kind"), of("name")).into(),
        hpa_metrics::targets(object).into(),
        least.map_or_else(|| UNSET.into(), |least| least.to_string().into()),
        int_at(object, &["spec", "maxReplicas"]).into(),
        int_at(object, &["status", "currentReplicas"]).into(),
        age(object, now),
    ]
}

pub(super) fn scale(scale: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(scale),
        int_at(scale, &["spec", "replicas"]).into(),
        int_at(scale, &["status", "replicas"]).into(),
        age(scale, now),
    ]
}
