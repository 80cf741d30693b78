//! How traffic from outside and inside finds a Service.

use super::Spec;
use crate::validation::{ip, numbers, object_meta::invalid_each};
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::names;

const POLICIES: [&str; 2] = ["Cluster", "Local"];
const DISTRIBUTIONS: [&str; 3] = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const ONLY_BALANCED: &str = "may only be used when `type` is 'LoadBalancer'";

pub(super) fn validate(
    spec: Spec<'_>,
    old: Option<Spec<'_>>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    source_ranges(spec, path, errors);
    balancer_node_ports(spec, path, errors);
    balancer_class(spec, old, path, errors);
    external_policy(spec, path, errors);
    let policy = spec.0.str("internalTrafficPolicy");
    let policy_path = path.child("internalTrafficPolicy");
    match policy {
        None if matches!(spec.kind(), "ClusterIP" | "NodePort" | "LoadBalancer") => {
            errors.push(Error::required(&policy_path, ""));
        }
        Some(policy) if !POLICIES.contains(&policy) => {
            errors.push(Error::not_supported(&policy_path, policy, &POLICIES));
        }
        _ => {}
    }
    if let Some(distribution) = spec.0.str("trafficDistribution")
        && !DISTRIBUTIONS.contains(&distribution)
    {
        let path = path.child("trafficDistribution");
        errors.push(Error::not_supported(&path, distribution, &DISTRIBUTIONS));
    }
}

fn source_ranges(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let ranges = spec.0.items("loadBalancerSourceRanges");
    // Upstream's path has Go's spelling.
    let path = path.child("LoadBalancerSourceRanges");
    if ranges.is_empty() {
        return;
    }
    if !spec.is_balanced() {
        errors.push(Error::forbidden(&path, ONLY_BALANCED));
    }
    for (place, range) in ranges.iter().enumerate() {
        let range = range.as_str().unwrap_or_default().trim();
        ip::validate_range(range, &path.index(place), errors);
    }
}

fn balancer_node_ports(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("allocateLoadBalancerNodePorts");
    match (
        spec.is_balanced(),
        spec.0.get("allocateLoadBalancerNodePorts"),
    ) {
        (true, None) => errors.push(Error::required(&path, "")),
        (false, Some(_)) => errors.push(Error::forbidden(&path, ONLY_BALANCED)),
        _ => {}
    }
}

fn balancer_class(spec: Spec<'_>, old: Option<Spec<'_>>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("loadBalancerClass");
    let class = spec.0.get("loadBalancerClass");
    // Once balanced, always the same class.
    if old.is_some() && class.is_some() && !spec.is_balanced() {
        // Upstream's rules for the class and for its update both say so.
        errors.push(Error::forbidden(&path, ONLY_BALANCED));
    }
    if let Some(old) = old.filter(|old| old.is_balanced() && spec.is_balanced()) {
        if old.0.get("loadBalancerClass") != class {
            let shown = class.cloned().unwrap_or_default();
            errors.push(Error::invalid(&path, shown, "may not change once set"));
        }
        return;
    }
    let Some(class) = class.and_then(Value::as_str) else {
        return;
    };
    if !spec.is_balanced() {
        errors.push(Error::forbidden(&path, ONLY_BALANCED));
        return;
    }
    invalid_each(names::qualified_name(class), class, &path, errors);
}

fn external_policy(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let policy = spec.0.str_or_empty("externalTrafficPolicy");
    let policy_path = path.child("externalTrafficPolicy");
    if spec.is_external() {
        if policy.is_empty() {
            errors.push(Error::required(&policy_path, ""));
        } else if !POLICIES.contains(&policy) {
            errors.push(Error::not_supported(&policy_path, policy, &POLICIES));
        }
    } else if !policy.is_empty() {
        let why = "may only be set for externally-accessible services";
        errors.push(Error::invalid(&policy_path, policy, why));
    }
    let port = spec.0.int("healthCheckNodePort").unwrap_or_default();
    let path = path.child("healthCheckNodePort");
    let has_health_check = spec.is_balanced() && policy == "Local";
    if port != 0 && has_health_check {
        numbers::port(port, &path, errors);
    }
    if port != 0 && !has_health_check {
        let why =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.push(Error::invalid(&path, port, why));
    }
}
