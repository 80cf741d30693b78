//! What simulated kubelets answer on their own API: how they are, their pods, and what those use.

use super::metrics::{self, ContainerUsage};
use super::moment::{self, SECOND};
use super::pod_lifecycle::run_of;
use super::resources::Resources;
use bytes::Bytes;
use std::fmt::Write as _;
use tollgate_api::go_format::quote;
use tollgate_api::node_agent::NodeAnswer;
use tollgate_api::{Quantity, Timestamp, Value, json};

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/// The answer of a node with these pods.
pub(super) fn answer(path: &str, node: &Value, pods: &[Value], now: Timestamp) -> NodeAnswer {
    let (code, media, body) = match path.trim_end_matches('/') {
        "/healthz" => (200, TEXT, "ok".to_owned()),
        "/pods" => (200, "application/json", pod_list(pods)),
        "/metrics" => (200, METRICS, own_metrics(node, pods)),
        "/metrics/resource" => (200, METRICS, resource_metrics(node, pods, now)),
        _ => (404, TEXT, "404 page not found\n".to_owned()),
    };
    NodeAnswer {
        code,
        media,
        body: Bytes::from(body),
    }
}

fn pod_list(pods: &[Value]) -> String {
    let mut list = Value::object();
    list.set("kind", "PodList");
    list.set("apiVersion", "v1");
    list.set("metadata", Value::object());
    // What is in a list does not say what it is.
    let plain = pods.iter().cloned().map(|mut pod| {
        pod.remove("kind");
        pod.remove("apiVersion");
        pod
    });
    list.set("items", plain.collect::<Vec<Value>>());
    json::to_string(&list)
}

/// A metric that is being written: samples of one name belong together.
struct Metric {
    text: String,
    name: &'static str,
}

impl Metric {
    fn new(name: &'static str, kind: &str, help: &str) -> Self {
        let text = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Self { text, name }
    }

    fn labelled(&mut self, name: &str, text: &str, value: usize) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{}{{{name}={}}} {value}", self.name, quote(text));
    }

    /// `of` is a container, if any, and its pod.
    fn sample(&mut self, of: Option<(Option<&str>, &Value)>, value: &str, now: Option<Timestamp>) {
        let mut labels = String::new();
        if let Some((container, pod)) = of {
            let text = |key| pod.at(&["metadata", key]).and_then(Value::as_str);
            let named = [
                ("container", container),
                ("namespace", text("namespace")),
                ("pod", text("name")),
            ];
            let named = named
                .into_iter()
                .filter_map(|(name, text)| Some((name, text?)));
            let named: Vec<String> = named
                .map(|(name, text)| format!("{name}={}", quote(text)))
                .collect();
            labels = format!("{{{}}}", named.join(","));
        }
        let at = now.map(|now| format!(" {}", now.unix_seconds().saturating_mul(SECOND)));
        // Writing to a String cannot fail.
        let _ = writeln!(
            self.text,
            "{}{labels} {value}{}",
            self.name,
            at.unwrap_or_default()
        );
    }
}

/// `/metrics`, as far as a kubelet that runs nothing has something to count (upstream: `kubelet/metrics/metrics.go`).
fn own_metrics(node: &Value, pods: &[Value]) -> String {
    let metric = |name, help| Metric::new(name, "gauge", help);
    let mut name = metric(
        "kubelet_node_name",
        "[ALPHA] The node's name. The count is always 1.",
    );
    let mut containers = metric(
        "kubelet_running_containers",
        "[ALPHA] Number of containers currently running",
    );
    let mut running = metric(
        "kubelet_running_pods",
        "[ALPHA] Number of pods that have a running pod sandbox",
    );
    let of_node = node.at(&["metadata", "name"]).and_then(Value::as_str);
    name.labelled("node", of_node.unwrap_or_default(), 1);
    let counts = pods.iter().map(|pod| metrics::average_usage(pod).len());
    containers.labelled("container_state", "running", counts.clone().sum());
    let count = counts.filter(|count| *count > 0).count();
    running.sample(None, &count.to_string(), None);
    [name, containers, running]
        .map(|metric| metric.text)
        .concat()
}

/// `/metrics/resource` (upstream: `kubelet/metrics/collectors/resource_metrics.go`), without swap, which no node has.
fn resource_metrics(node: &Value, pods: &[Value], now: Timestamp) -> String {
    let cpu_help =
        |what: &str| format!("[STABLE] Cumulative cpu time consumed by the {what} in core-seconds");
    let memory_help = |what: &str| format!("[STABLE] Current working set of the {what} in bytes");
    let metric = |name, kind, help: &str| Metric::new(name, kind, help);
    let mut cpu = metric(
        "container_cpu_usage_seconds_total",
        "counter",
        &cpu_help("container"),
    );
    let mut memory = metric(
        "container_memory_working_set_bytes",
        "gauge",
        &memory_help("container"),
    );
    let mut start = metric(
        "container_start_time_seconds",
        "gauge",
        "[STABLE] Start time of the container since unix epoch in seconds",
    );
    let mut node_cpu = metric("node_cpu_usage_seconds_total", "counter", &cpu_help("node"));
    let mut node_memory = metric(
        "node_memory_working_set_bytes",
        "gauge",
        &memory_help("node"),
    );
    let mut pod_cpu = metric("pod_cpu_usage_seconds_total", "counter", &cpu_help("pod"));
    let mut pod_memory = metric("pod_memory_working_set_bytes", "gauge", &memory_help("pod"));
    let mut error = metric(
        "resource_scrape_error",
        "gauge",
        "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
    );
    for pod in pods {
        let averages = metrics::average_usage(pod);
        let (mut pod_millis, mut pod_bytes) = (0_i64, 0_i64);
        for (average, used) in averages.iter().zip(metrics::pod_usage(pod, now)) {
            let began = began(pod, average).unwrap_or(now);
            let millis = spent(average, began, now);
            let bytes = bytes_of(&used.usage);
            let of = Some((Some(average.name.as_str()), pod));
            cpu.sample(of, &seconds(millis), Some(now));
            memory.sample(of, &bytes.to_string(), Some(now));
            start.sample(of, &began.unix_seconds().to_string(), None);
            pod_millis = pod_millis.saturating_add(millis);
            pod_bytes = pod_bytes.saturating_add(bytes);
        }
        if !averages.is_empty() {
            pod_cpu.sample(Some((None, pod)), &seconds(pod_millis), Some(now));
            pod_memory.sample(Some((None, pod)), &pod_bytes.to_string(), Some(now));
        }
    }
    let capacity = Resources::from_list(node.at(&["status", "capacity"]));
    let used = metrics::node_usage(&capacity, pods.iter(), now);
    node_cpu.sample(None, &seconds(node_spent(node, pods, now)), Some(now));
    node_memory.sample(None, &bytes_of(&used).to_string(), Some(now));
    error.sample(None, "0", None);
    let all = [
        cpu,
        memory,
        start,
        node_cpu,
        node_memory,
        pod_cpu,
        pod_memory,
        error,
    ];
    all.into_iter().map(|metric| metric.text).collect()
}

/// The memory in an amount of resources, in bytes.
fn bytes_of(used: &Resources) -> i64 {
    used.get("memory").map_or(0, Quantity::value)
}

fn began(pod: &Value, container: &ContainerUsage) -> Option<Timestamp> {
    let (_, run) = run_of(pod, &container.name, false)?;
    Some(run?.started_at)
}

/// The CPU time that a container has taken since it began, in milliseconds.
fn spent(average: &ContainerUsage, began: Timestamp, now: Timestamp) -> i64 {
    let cpu = average.usage.get("cpu");
    of_cpu(cpu.map_or(0, Quantity::milli_value), began, now)
}

fn of_cpu(milli_cpu: i64, began: Timestamp, now: Timestamp) -> i64 {
    let lasts = moment::millis_between(began, now);
    lasts.saturating_mul(milli_cpu).div_euclid(1_000)
}

/// That of a node: what it takes for itself since it is there, and what those that run on it have taken. A pod that goes
/// takes its part with it, which readers of counters take for a restart.
fn node_spent(node: &Value, pods: &[Value], now: Timestamp) -> i64 {
    let capacity = Resources::from_list(node.at(&["status", "capacity"]));
    let alone = metrics::node_usage(&capacity, std::iter::empty::<&Value>(), now);
    let created = node.at(&["metadata", "creationTimestamp"]);
    let created = created.and_then(Value::as_str).and_then(Timestamp::parse);
    let cpu = alone.get("cpu").map_or(0, Quantity::milli_value);
    let mut all = of_cpu(cpu, created.unwrap_or(now), now);
    for pod in pods {
        for average in metrics::average_usage(pod) {
            let began = began(pod, &average).unwrap_or(now);
            all = all.saturating_add(spent(&average, began, now));
        }
    }
    all
}

/// Milliseconds as Prometheus reads seconds.
fn seconds(millis: i64) -> String {
    let text = format!(
        "{}.{:03}",
        millis.div_euclid(SECOND),
        millis.rem_euclid(SECOND)
    );
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_768_478_400;

    fn running() -> Value {
        let pod = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"ns","uid":"u",
            "annotations":{"tollgate.dev/cpu-usage":"250m","tollgate.dev/memory-usage":"64Mi"}},
            "spec":{"nodeName":"n","containers":[{"name":"c","image":"i"},{"name":"waits","image":"i"}]},
            "status":{"phase":"Running","containerStatuses":[
              {"name":"c","state":{"running":{"startedAt":"2026-01-15T11:58:20Z"}}},
              {"name":"waits","state":{"waiting":{}}}]}}"#;
        json::from_str(pod).unwrap()
    }

    fn ask(path: &str) -> NodeAnswer {
        let node = r#"{"metadata":{"name":"n","creationTimestamp":"2026-01-15T11:50:00Z"},
            "status":{"capacity":{"cpu":"10","memory":"100Mi"}}}"#;
        let node = json::from_str(node).unwrap();
        answer(path, &node, &[running()], Timestamp::from_unix_seconds(NOW))
    }

    #[test]
    fn usage_is_told_of_what_runs() {
        let page = String::from_utf8(ask("/metrics/resource").body.to_vec()).unwrap();
        let samples: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                // A quarter of a CPU for a hundred seconds.
                r#"container_cpu_usage_seconds_total{container="c",namespace="ns",pod="p"} 25 1768478400000"#,
                r#"container_memory_working_set_bytes{container="c",namespace="ns",pod="p"} 67108864 1768478400000"#,
                r#"container_start_time_seconds{container="c",namespace="ns",pod="p"} 1768478300"#,
                // A tenth of a CPU for ten minutes, and the pod's.
                "node_cpu_usage_seconds_total 85 1768478400000",
                "node_memory_working_set_bytes 68157440 1768478400000",
                r#"pod_cpu_usage_seconds_total{namespace="ns",pod="p"} 25 1768478400000"#,
                r#"pod_memory_working_set_bytes{namespace="ns",pod="p"} 67108864 1768478400000"#,
                "resource_scrape_error 0",
            ]
        );
    }

    #[test]
    fn a_kubelet_counts_what_runs() {
        let page = String::from_utf8(ask("/metrics").body.to_vec()).unwrap();
        let samples: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                r#"kubelet_node_name{node="n"} 1"#,
                r#"kubelet_running_containers{container_state="running"} 1"#,
                "kubelet_running_pods 1",
            ]
        );
    }

    #[test]
    fn pods_are_a_list_of_what_is_bound_to_the_node() {
        let list = json::from_slice(&ask("/pods/").body).unwrap();
        assert_eq!(list.str("kind"), Some("PodList"));
        let [pod] = list.items("items") else {
            panic!("{list:?}")
        };
        assert_eq!(pod.get("kind"), None);
        assert_eq!(pod.get("spec"), running().get("spec"));
    }

    #[test]
    fn there_is_nothing_else() {
        assert_eq!(&ask("/healthz").body[..], b"ok");
        assert_eq!(ask("/logs/").code, 404);
    }

    #[test]
    fn seconds_are_written_without_zeros_at_the_end() {
        let written: Vec<String> = [0, 20, 1_500, 60_000].map(seconds).to_vec();
        assert_eq!(written, ["0", "0.02", "1.5", "60"]);
    }
}
