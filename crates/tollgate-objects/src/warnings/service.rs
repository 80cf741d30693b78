//! Services: `GetWarningsForService`.

use super::{Subject, addresses};
use tollgate_api::Value;
use tollgate_api::field::Path;

const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const MODE: &str = "service.kubernetes.io/topology-mode";

pub(super) fn collect(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    if subject.annotation(HINTS).is_some() {
        warnings.push(format!(
            "annotation {HINTS} is deprecated, please use {MODE} instead"
        ));
    }
    let spec = subject.object.get("spec").unwrap_or(&Value::Null);
    let is_headless = is_headless(spec);
    let names_another = spec.str("type") == Some("ExternalName");
    if !matches!(spec.str_or_empty("clusterIP"), "" | "None") {
        each(subject, spec, "clusterIPs", addresses::ip, warnings);
    }
    if is_headless && subject.is_since(34) {
        ignored_by_headless(spec, warnings);
    }
    each(subject, spec, "externalIPs", addresses::ip, warnings);
    let has_external = !spec.items("externalIPs").is_empty();
    if has_external && !is_headless && !names_another && subject.is_since(36) {
        let why = "is deprecated and may no longer be implemented in some clusters";
        warnings.push(format!("spec.externalIPs {why}"));
    }
    let balancer = spec.str_or_empty("loadBalancerIP");
    if subject.is_since(33) {
        addresses::ip(balancer, &Path::root("spec.loadBalancerIP"), warnings);
    }
    let ranges = "loadBalancerSourceRanges";
    each(subject, spec, ranges, addresses::range, warnings);
    if subject.is_since(34) {
        if names_another && has_external {
            let why = "is ignored when spec.type is \"ExternalName\"";
            warnings.push(format!("spec.externalIPs {why}"));
        }
        if !names_another && !spec.str_or_empty("externalName").is_empty() {
            let why = "is ignored when spec.type is not \"ExternalName\"";
            warnings.push(format!("spec.externalName {why}"));
        }
    }
    if spec.str("trafficDistribution") == Some("PreferClose") && subject.is_since(35) {
        let why = "\"PreferClose\" is deprecated; use \"PreferSameZone\"";
        warnings.push(format!("spec.trafficDistribution: {why}"));
    }
}

fn is_headless(spec: &Value) -> bool {
    let kind = spec.str_or_empty("type");
    matches!(kind, "" | "ClusterIP") && spec.str("clusterIP") == Some("None")
}

fn ignored_by_headless(spec: &Value, warnings: &mut Vec<String>) {
    let balances = !spec.str_or_empty("loadBalancerIP").is_empty();
    let has_external = !spec.items("externalIPs").is_empty();
    let affinity = spec.str_or_empty("sessionAffinity");
    for (is_set, field) in [
        (balances, "loadBalancerIP"),
        (has_external, "externalIPs"),
        // The capital is upstream's.
        (!matches!(affinity, "" | "None"), "SessionAffinity"),
    ] {
        if is_set {
            warnings.push(format!("spec.{field} is ignored for headless services"));
        }
    }
}

fn each(
    subject: &Subject<'_>,
    spec: &Value,
    field: &str,
    look: fn(&str, &Path<'_>, &mut Vec<String>),
    warnings: &mut Vec<String>,
) {
    if !subject.is_since(33) {
        return;
    }
    let root = Path::root("spec");
    let path = root.child(field);
    for (index, text) in spec.items(field).iter().enumerate() {
        look(
            text.as_str().unwrap_or_default(),
            &path.index(index),
            warnings,
        );
    }
}
