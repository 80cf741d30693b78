//! What simulated pods and nodes use of CPU and memory: the answers of `metrics.k8s.io`.
//!
//! A container that runs uses half of what it requests, give or take a twentieth that follows from its names and the
//! minute; without a request five thousandths of a CPU and 16Mi. Annotations say it exactly. A node uses what its pods use,
//! and a hundredth of its own for itself.

use super::identity;
use super::moment;
use super::pod_lifecycle::{container_says, members_running};
use super::resources::Resources;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use tollgate_api::quantity::Format;
use tollgate_api::{Quantity, Timestamp, Value};

/// The annotation that says how much CPU a container uses.
pub const CPU_USAGE: &str = "tollgate.dev/cpu-usage";
/// The annotation that says how much memory a container uses.
pub const MEMORY_USAGE: &str = "tollgate.dev/memory-usage";

/// Over how long usage is measured, in words of a duration.
pub const WINDOW: &str = "30s";

const CPU_WITHOUT_REQUEST: i64 = 5;
const MEMORY_WITHOUT_REQUEST: i64 = 16 << 20;
/// How much the usage varies: up to so many thousandths.
const VARIATION: i64 = 50;

/// What one container uses.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerUsage {
    /// Its name.
    pub name: String,
    /// CPU and memory.
    pub usage: Resources,
}

/// What the containers of a pod use that run at `now`; none of them if the pod does not run.
pub fn pod_usage(pod: &Value, now: Timestamp) -> Vec<ContainerUsage> {
    let uid = pod
        .at(&["metadata", "uid"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let minute = now.unix_seconds().div_euclid(60).to_string();
    usage(pod, |amount, name, resource| {
        varied(amount, &[uid, name, resource, &minute])
    })
}

/// What the containers of a pod use on the average, so that sums over time only grow.
pub(super) fn average_usage(pod: &Value) -> Vec<ContainerUsage> {
    usage(pod, |amount, _, _| amount)
}

/// `vary` makes of an amount, of a container and of a resource what is told.
fn usage(pod: &Value, vary: impl Fn(i64, &str, &str) -> i64) -> Vec<ContainerUsage> {
    members_running(pod)
        .into_iter()
        .map(|container| {
            let name = container.str_or_empty("name");
            let vary = |amount: i64, resource: &str| vary(amount, name, resource);
            let said = |key| {
                container_says(pod, container, key).and_then(|text| Quantity::parse(text).ok())
            };
            let requested = |resource: &str| {
                let requests = container.at(&["resources", "requests", resource]);
                requests.and_then(|amount| Quantity::from_value(amount).ok())
            };
            let cpu = said(CPU_USAGE).unwrap_or_else(|| {
                let request = requested("cpu").map_or(0, |cpu| cpu.milli_value());
                let half = if request > 0 {
                    request.div_euclid(2).max(1)
                } else {
                    CPU_WITHOUT_REQUEST
                };
                Quantity::new_milli(vary(half, "cpu"), Format::DecimalSi)
            });
            let memory = said(MEMORY_USAGE).unwrap_or_else(|| {
                let request = requested("memory").map_or(0, |memory| memory.value());
                let half = if request > 0 {
                    request.div_euclid(2)
                } else {
                    MEMORY_WITHOUT_REQUEST
                };
                Quantity::new(whole_kibis(vary(half, "memory")), Format::BinarySi)
            });
            let usage = [("cpu".to_owned(), cpu), ("memory".to_owned(), memory)];
            ContainerUsage {
                name: name.to_owned(),
                usage: usage.into_iter().collect(),
            }
        })
        .collect()
}

/// `amount`, a little more or less.
fn varied(amount: i64, parts: &[&str]) -> i64 {
    let span = u64::try_from(2 * VARIATION + 1).unwrap_or(1);
    let thousandths =
        i64::try_from(identity::hash(parts, 0) % span).unwrap_or(VARIATION) - VARIATION;
    let change = i128::from(amount) * i128::from(thousandths) / 1_000;
    amount.saturating_add(i64::try_from(change).unwrap_or(0))
}

/// Down to whole KiB: as metrics servers round.
fn whole_kibis(bytes: i64) -> i64 {
    bytes.div_euclid(1_024).saturating_mul(1_024)
}

/// The object `PodMetrics` of a pod; none if no container of it runs.
pub fn pod_metrics(pod: &Value, now: Timestamp) -> Option<Value> {
    let usage = pod_usage(pod, now);
    if usage.is_empty() {
        return None;
    }
    let containers: Vec<Value> = usage
        .into_iter()
        .map(|one| {
            Value::from_iter([
                ("name", Value::from(one.name)),
                ("usage", one.usage.to_value()),
            ])
        })
        .collect();
    let mut metrics = head("PodMetrics", pod, now);
    metrics.set("containers", containers);
    Some(metrics)
}

/// What a node uses on which these pods are.
pub fn node_usage(
    capacity: &Resources,
    pods: impl Iterator<Item = impl Borrow<Value>>,
    now: Timestamp,
) -> Resources {
    let mut total: BTreeMap<String, Quantity> = BTreeMap::new();
    let hundredth =
        |name: &str, of: fn(&Quantity) -> i64| capacity.get(name).map_or(0, of).div_euclid(100);
    let cpu = hundredth("cpu", Quantity::milli_value);
    let memory = hundredth("memory", Quantity::value);
    total.insert(
        "cpu".to_owned(),
        Quantity::new_milli(cpu, Format::DecimalSi),
    );
    total.insert(
        "memory".to_owned(),
        Quantity::new(whole_kibis(memory), Format::BinarySi),
    );
    let mut total: Resources = total.into_iter().collect();
    for pod in pods {
        for container in pod_usage(pod.borrow(), now) {
            total.add(&container.usage);
        }
    }
    total
}

/// The object `NodeMetrics` of a node on which these pods are.
pub fn node_metrics(
    node: &Value,
    pods: impl Iterator<Item = impl Borrow<Value>>,
    now: Timestamp,
) -> Value {
    let capacity = Resources::from_list(node.at(&["status", "capacity"]));
    let mut metrics = head("NodeMetrics", node, now);
    metrics.set("usage", node_usage(&capacity, pods, now).to_value());
    metrics
}

fn head(kind: &str, of: &Value, now: Timestamp) -> Value {
    let from = of.get("metadata").unwrap_or(&Value::Null);
    let mut metadata = Value::object();
    for key in ["name", "namespace"] {
        if let Some(text) = from.str(key) {
            metadata.set(key, text);
        }
    }
    metadata.set("creationTimestamp", moment::to_value(now));
    if let Some(labels) = from.get("labels") {
        metadata.set("labels", labels.clone());
    }
    Value::from_iter([
        ("kind", Value::from(kind)),
        ("apiVersion", "metrics.k8s.io/v1beta1".into()),
        ("metadata", metadata),
        ("timestamp", moment::to_value(now)),
        ("window", WINDOW.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_768_478_400);

    fn pod(annotations: &str, resources: &str) -> Value {
        let text = format!(
            r#"{{"metadata":{{"name":"p","namespace":"ns","uid":"u","annotations":{annotations}}},
            "spec":{{"containers":[{{"name":"c","resources":{resources}}},{{"name":"ended"}}]}},
            "status":{{"phase":"Running","containerStatuses":[{{"name":"c","state":{{"running":{{"startedAt":"2026-01-15T12:00:00Z"}}}}}},
            {{"name":"ended","state":{{"terminated":{{"exitCode":0}}}}}}]}}}}"#
        );
        from_str(&text).unwrap()
    }

    #[test]
    fn a_container_uses_about_half_of_what_it_requests() {
        let pod = pod("{}", r#"{"requests":{"cpu":"1","memory":"1Gi"}}"#);
        let usage = pod_usage(&pod, NOW);
        assert_eq!(usage.len(), 1);
        let cpu = usage[0].usage.get("cpu").unwrap().milli_value();
        assert!((475..=525).contains(&cpu), "{cpu}");
        let memory = usage[0].usage.get("memory").unwrap();
        assert!((486 << 20..538 << 20).contains(&memory.value()));
        assert!(memory.to_string().ends_with("Ki"));
        assert_eq!(usage, pod_usage(&pod, NOW));
    }

    #[test]
    fn annotations_say_it_exactly() {
        let told = pod(
            r#"{"tollgate.dev/cpu-usage":"900m","tollgate.dev/memory-usage":"c=1Gi"}"#,
            "{}",
        );
        let usage = pod_usage(&told, NOW);
        assert_eq!(
            usage[0].usage.to_value(),
            from_str(r#"{"cpu":"900m","memory":"1Gi"}"#).unwrap()
        );
    }

    #[test]
    fn a_node_uses_what_its_pods_do_and_a_little() {
        let node = from_str(
            r#"{"metadata":{"name":"n"},"status":{"capacity":{"cpu":"10","memory":"100Gi"}}}"#,
        )
        .unwrap();
        let told = pod(
            r#"{"tollgate.dev/cpu-usage":"900m","tollgate.dev/memory-usage":"1Gi"}"#,
            "{}",
        );
        let metrics = node_metrics(&node, [&told, &told].into_iter(), NOW);
        let expected = from_str(
            r#"{"kind":"NodeMetrics","apiVersion":"metrics.k8s.io/v1beta1","metadata":{"name":"n","creationTimestamp":"2026-01-15T12:00:00Z"},
            "timestamp":"2026-01-15T12:00:00Z","window":"30s","usage":{"cpu":"1900m","memory":"3Gi"}}"#,
        );
        assert_eq!(metrics, expected.unwrap());
    }

    #[test]
    fn a_pod_that_does_not_run_has_no_metrics() {
        let mut pod = pod("{}", "{}");
        assert!(pod_metrics(&pod, NOW).is_some());
        pod.child_mut("status").remove("containerStatuses");
        assert_eq!(pod_metrics(&pod, NOW), None);
    }
}
