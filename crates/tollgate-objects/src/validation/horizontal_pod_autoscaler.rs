//! `ValidateHorizontalPodAutoscaler` and its updates; version 1 is judged as version 2.

use super::Options;
use super::fields::{self, child};
use super::numbers::{nonnegative, positive};
use super::workload::metadata_update;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Quantity, Value, names};

/// Each sort of metric and the field that tells of it, in upstream's order.
const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];
const SORTS: [&str; 5] = [
    "ContainerResource",
    "External",
    "Object",
    "Pods",
    "Resource",
];
const WINDOW_SECONDS_MAX: i64 = 3_600;
const PERIOD_SECONDS_MAX: i64 = 1_800;

/// Validates an autoscaler that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    validate_spec(child(object, "spec"), &Path::root("spec"), errors);
}

fn validate_spec(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let most = spec.int("maxReplicas").unwrap_or_default();
    let least = spec.int("minReplicas");
    if let Some(least) = least.filter(|least| *least < 1) {
        let why = "must be greater than or equal to 1";
        errors.push(Error::invalid(&path.child("minReplicas"), least, why));
    }
    let most_path = path.child("maxReplicas");
    if most == 0 {
        let why = "must be set and greater than 0";
        errors.push(Error::required(&most_path, why));
    } else if most < 0 {
        let why = "must be greater than or equal to 1";
        errors.push(Error::invalid(&most_path, most, why));
    }
    if least.is_some_and(|least| most < least) {
        let why = "must be greater than or equal to `minReplicas`";
        errors.push(Error::invalid(&most_path, most, why));
    }
    let target = child(spec, "scaleTargetRef");
    let target_path = path.child("scaleTargetRef");
    object_reference(target, &target_path, errors);
    api_group(target, &target_path.child("apiVersion"), errors);
    validate_metrics(&metrics(spec), least, &path.child("metrics"), errors);
    if let Some(behavior) = spec.get("behavior") {
        let path = path.child("behavior");
        for direction in ["scaleUp", "scaleDown"] {
            if let Some(rules) = behavior.get(direction) {
                validate_rules(rules, &path.child(direction), errors);
            }
        }
    }
}

/// The metrics; version 1 has one at most, under a name of its own.
fn metrics(spec: &Value) -> Vec<Value> {
    let mut metrics = spec.items("metrics").to_vec();
    if let Some(percent) = spec.get("targetCPUUtilizationPercentage") {
        let mut metric = Value::object();
        metric.set("type", "Resource");
        let resource = metric.child_mut("resource");
        resource.set("name", "cpu");
        let target = resource.child_mut("target");
        target.set("type", "Utilization");
        target.set("averageUtilization", percent.clone());
        metrics.push(metric);
    }
    metrics
}

fn object_reference(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["kind", "name"] {
        fields::required_name(reference, field, names::path_segment, path, errors);
    }
}

fn api_group(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    let version = reference.str_or_empty("apiVersion");
    let mut parts = version.split('/');
    let why = match (parts.next(), parts.next(), parts.next()) {
        (Some(group), Some(_), None) if !group.is_empty() => return,
        (_, _, Some(_)) => format!("unexpected GroupVersion string: {version}"),
        _ => {
            // What is in the core group has no group to name.
            if version == "v1" && reference.str_or_empty("kind") == "ReplicationController" {
                return;
            }
            "apiVersion must specify API group".to_owned()
        }
    };
    errors.push(Error::invalid(path, version, why));
}

fn validate_metrics(metrics: &[Value], least: Option<i64>, path: &Path<'_>, errors: &mut Errors) {
    for (place, metric) in metrics.iter().enumerate() {
        validate_metric(metric, &path.index(place), errors);
    }
    let is_outside = |metric: &Value| matches!(metric.str_or_empty("type"), "Object" | "External");
    if least == Some(0) && !metrics.iter().any(is_outside) {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.push(Error::forbidden(path, why));
    }
}

fn validate_metric(metric: &Value, path: &Path<'_>, errors: &mut Errors) {
    let sort = metric.str_or_empty("type");
    if sort.is_empty() {
        let why = "must specify a metric source type";
        errors.push(Error::required(&path.child("type"), why));
    }
    if !SORTS.contains(&sort) {
        errors.push(Error::not_supported(&path.child("type"), sort, &SORTS));
    }
    let present = SOURCES
        .iter()
        .map(|(_, field)| *field)
        .filter(|field| metric.get(field).is_some());
    // Of several sources only the first is looked at.
    if let Some(field) = present.clone().next() {
        validate_source(child(metric, field), field, &path.child(field), errors);
    }
    let Some((_, expected)) = SOURCES.iter().find(|(name, _)| *name == sort) else {
        // Upstream says so again when it asks which source there should be.
        errors.push(Error::not_supported(&path.child("type"), sort, &SORTS));
        return;
    };
    if metric.get(expected).is_none() {
        let why = "must populate information for the given metric source";
        errors.push(Error::required(&path.child(expected), why));
    }
    if present.clone().count() != 1 {
        for other in present.filter(|field| field != expected) {
            let why = "must populate the given metric source only";
            errors.push(Error::forbidden(&path.child(other), why));
        }
    }
}

fn validate_source(source: &Value, field: &str, path: &Path<'_>, errors: &mut Errors) {
    let target = child(source, "target");
    let target_path = path.child("target");
    let has = |key: &str| target.get(key).is_some();
    match field {
        "object" => {
            let object = child(source, "describedObject");
            object_reference(object, &path.child("describedObject"), errors);
            metric_name(source, path, errors);
            validate_target(target, &target_path, errors);
            if !has("value") && !has("averageValue") {
                let why = "must set either a target value or averageValue";
                errors.push(Error::required(&target_path.child("averageValue"), why));
            }
        }
        "external" => {
            metric_name(source, path, errors);
            validate_target(target, &target_path, errors);
            match (has("value"), has("averageValue")) {
                (false, false) => {
                    let why = "must set either a target value for metric or a per-pod target";
                    errors.push(Error::required(&target_path.child("averageValue"), why));
                }
                (true, true) => {
                    let why = "may not set both a target value for metric and a per-pod target";
                    errors.push(Error::forbidden(&target_path.child("value"), why));
                }
                _ => {}
            }
        }
        "pods" => {
            metric_name(source, path, errors);
            validate_target(target, &target_path, errors);
            if amount(target, "averageValue").is_none_or(|amount| amount.sign() <= 0) {
                let why = "must specify a positive target averageValue";
                errors.push(Error::required(&target_path.child("averageValue"), why));
            }
        }
        _ => resource_source(source, field == "containerResource", path, errors),
    }
}

fn resource_source(source: &Value, of_container: bool, path: &Path<'_>, errors: &mut Errors) {
    if source.str_or_empty("name").is_empty() {
        let why = "must specify a resource name";
        errors.push(Error::required(&path.child("name"), why));
    }
    if of_container && source.str_or_empty("container").is_empty() {
        let why = "must specify a container";
        errors.push(Error::required(&path.child("container"), why));
    }
    let target = child(source, "target");
    let path = path.child("target");
    validate_target(target, &path, errors);
    let has = |key: &str| target.get(key).is_some();
    match (has("averageUtilization"), has("averageValue")) {
        (false, false) => {
            let why = "must set either a target raw value or a target utilization";
            errors.push(Error::required(&path.child("averageUtilization"), why));
        }
        (true, true) => {
            let why = "may not set both a target raw value and a target utilization";
            errors.push(Error::forbidden(&path.child("averageValue"), why));
        }
        _ => {}
    }
}

fn metric_name(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let metric = child(source, "metric");
    let path = path.child("metric");
    if metric.str_or_empty("name").is_empty() {
        let why = "must specify a metric name";
        errors.push(Error::required(&path.child("name"), why));
    }
    fields::name_if_any(metric, "name", names::path_segment, &path, errors);
}

fn amount(target: &Value, key: &str) -> Option<Quantity> {
    target
        .get(key)
        .and_then(|amount| Quantity::from_value(amount).ok())
}

fn validate_target(target: &Value, path: &Path<'_>, errors: &mut Errors) {
    let sort = target.str_or_empty("type");
    if sort.is_empty() {
        let why = "must specify a metric target type";
        errors.push(Error::required(&path.child("type"), why));
    }
    if !matches!(sort, "Utilization" | "Value" | "AverageValue") {
        let why = "must be either Utilization, Value, or AverageValue";
        errors.push(Error::invalid(&path.child("type"), sort, why));
    }
    for field in ["value", "averageValue"] {
        if let Some(amount) = amount(target, field).filter(|amount| amount.sign() <= 0) {
            let path = path.child(field);
            errors.push(Error::invalid(
                &path,
                amount.to_string(),
                "must be positive",
            ));
        }
    }
    if let Some(percent) = target
        .int("averageUtilization")
        .filter(|percent| *percent < 1)
    {
        let path = path.child("averageUtilization");
        errors.push(Error::invalid(&path, percent, "must be greater than 0"));
    }
}

fn validate_rules(rules: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(seconds) = rules.int("stabilizationWindowSeconds") {
        let path = path.child("stabilizationWindowSeconds");
        if seconds < 0 {
            let why = "must be greater than or equal to zero";
            errors.push(Error::invalid(&path, seconds, why));
        }
        if seconds > WINDOW_SECONDS_MAX {
            let why = format!("must be less than or equal to {WINDOW_SECONDS_MAX}");
            errors.push(Error::invalid(&path, seconds, why));
        }
    }
    fields::word(
        rules,
        "selectPolicy",
        &["Disabled", "Max", "Min"],
        path,
        errors,
    );
    let policies = rules.items("policies");
    let policies_path = path.child("policies");
    if policies.is_empty() {
        let why = "must specify at least one Policy";
        errors.push(Error::required(&policies_path, why));
    }
    for (place, policy) in policies.iter().enumerate() {
        let path = policies_path.index(place);
        let sort = policy.str_or_empty("type");
        if !matches!(sort, "Percent" | "Pods") {
            let path = path.child("type");
            errors.push(Error::not_supported(&path, sort, &["Percent", "Pods"]));
        }
        let value = policy.int("value").unwrap_or_default();
        positive(value, &path.child("value"), errors);
        let period = policy.int("periodSeconds").unwrap_or_default();
        let path = path.child("periodSeconds");
        positive(period, &path, errors);
        if period > PERIOD_SECONDS_MAX {
            let why = format!("must be less than or equal to {PERIOD_SECONDS_MAX}");
            errors.push(Error::invalid(&path, period, why));
        }
    }
    if let Some(tolerance) = amount(rules, "tolerance").filter(|amount| amount.sign() < 0) {
        let why = super::numbers::NEGATIVE;
        errors.push(Error::invalid(
            &path.child("tolerance"),
            tolerance.to_string(),
            why,
        ));
    }
}

/// Validates what an autoscaler becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, _options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_spec(child(new, "spec"), &Path::root("spec"), errors);
}

/// Validates an update of an autoscaler's status.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    let status = child(new, "status");
    let path = Path::root("status");
    for field in ["currentReplicas", "desiredReplicas"] {
        nonnegative(status, field, &path, errors);
    }
}
