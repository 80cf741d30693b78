//! Reading what an autoscaler aims at, and what was measured.

use super::replicas::{self, Pod, Proposal, Sample, Target, Tolerance};
use super::unserved;
use crate::context::Context;
use crate::driver::condition;
use crate::node::resources::{pod_requests, requests};
use crate::resources::PODS;
use std::collections::BTreeMap;
use tollgate_api::client::{GroupVersionResource, Selection};
use tollgate_api::quantity::Format;
use tollgate_api::resource_list::is_pod_level_set_in;
use tollgate_api::status::Reason;
use tollgate_api::{Quantity, Status, Timestamp, Value};

/// What pods use, as a metrics server tells it.
static POD_METRICS: GroupVersionResource =
    GroupVersionResource::new("metrics.k8s.io", "v1beta1", "pods");

/// What one metric of an autoscaler comes to.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) proposal: Proposal,
    /// How reasons name the metric.
    pub(super) name: String,
    /// What the status shows.
    pub(super) status: Value,
}

/// Why a metric comes to nothing.
#[derive(Debug)]
pub(super) struct Failure {
    /// The reason of the condition and of the event.
    pub(super) reason: &'static str,
    /// What both say, in upstream's words.
    pub(super) message: String,
    /// What comes before that where the failure stands for that of all metrics.
    pub(super) prefix: String,
}

/// What the pods of the target are known by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) namespace: &'a str,
    pub(super) selector: &'a str,
    pub(super) current: i64,
    pub(super) tolerance: Tolerance,
}

/// Looks at one metric.
pub(super) async fn look(
    context: &Context,
    scope: Scope<'_>,
    metric: &Value,
) -> Result<Measured, Failure> {
    let (side, reason, container) = match metric.str_or_empty("type") {
        "Resource" => ("resource", "FailedGetResourceMetric", None),
        "ContainerResource" => {
            let container = metric.at(&["containerResource", "container"]);
            let container = container.and_then(Value::as_str).unwrap_or_default();
            (
                "containerResource",
                "FailedGetContainerResourceMetric",
                Some(container),
            )
        }
        other => return Err(unserved::failure(scope.namespace, other, metric)),
    };
    let none = Value::Null;
    let source = metric.get(side).unwrap_or(&none);
    let resource = source.str_or_empty("name");
    let fail = |message: String| Failure {
        reason,
        message,
        prefix: match container {
            Some(container) => format!("failed to get {container} container metric value: "),
            None => format!("failed to get {resource} resource metric value: "),
        },
    };
    let target = aim(source.get("target").unwrap_or(&none)).map_err(fail)?;
    let of = match target {
        Target::Average(_) => "usage",
        Target::Utilization(_) => "utilization",
    };
    let measured = measure(context, scope, resource, container, target).await;
    let proposal = measured.map_err(|why| fail(format!("failed to get {resource} {of}: {why}")))?;
    Ok(Measured {
        proposal,
        name: name(target, resource, container.is_some()),
        status: status(metric, side, resource, container, &proposal),
    })
}

/// Reads what was measured, and what comes of it.
async fn measure(
    context: &Context,
    scope: Scope<'_>,
    resource: &str,
    container: Option<&str>,
    target: Target,
) -> Result<Proposal, String> {
    let samples = samples(context, scope, resource, container).await;
    let samples =
        samples.map_err(|why| format!("unable to get metrics for resource {resource}: {why}"))?;
    let found = pods(context, scope).await.map_err(|status| {
        let why = status.message;
        format!("unable to get pods while calculating replica count: {why}")
    })?;
    let pods: Vec<Pod> = found
        .iter()
        .map(|pod| read(pod, resource, container))
        .collect();
    replicas::propose(
        &pods,
        &samples,
        resource == "cpu",
        target,
        scope.current,
        scope.tolerance,
        context.now,
    )
}

/// What is aimed at.
fn aim(target: &Value) -> Result<Target, String> {
    let average = target.get("averageValue");
    let average = average.and_then(|value| Quantity::from_value(value).ok());
    if let Some(average) = average {
        return Ok(Target::Average(average.milli_value()));
    }
    let utilization = target.int("averageUtilization").map(Target::Utilization);
    utilization.ok_or_else(|| {
        "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set".to_owned()
    })
}

/// How reasons name a metric.
fn name(target: Target, resource: &str, of_container: bool) -> String {
    match target {
        Target::Average(_) => format!("{resource} resource"),
        Target::Utilization(_) => {
            let of = if of_container { " container" } else { "" };
            format!("{resource}{of} resource utilization (percentage of request)")
        }
    }
}

fn selection(scope: Scope<'_>) -> Selection {
    Selection {
        labels: scope.selector.to_owned(),
        ..Selection::default()
    }
}

/// The pods of the target.
async fn pods(context: &Context, scope: Scope<'_>) -> Result<Vec<Value>, Status> {
    let listed = context
        .list(&PODS, scope.namespace, selection(scope))
        .await?;
    listed
        .iter()
        .map(tollgate_api::client::Stored::parse)
        .collect()
}

/// What was measured, by pod.
async fn samples(
    context: &Context,
    scope: Scope<'_>,
    resource: &str,
    container: Option<&str>,
) -> Result<BTreeMap<String, Sample>, String> {
    let listed = context
        .list(&POD_METRICS, scope.namespace, selection(scope))
        .await;
    let listed = listed.map_err(|status| {
        let why = if status.reason == Reason::NotFound {
            "the server could not find the requested resource (get pods.metrics.k8s.io)".to_owned()
        } else {
            status.message
        };
        format!("unable to fetch metrics from resource metrics API: {why}")
    })?;
    if listed.is_empty() {
        return Err("no metrics returned from resource metrics API".to_owned());
    }
    let mut samples = BTreeMap::new();
    for stored in listed {
        let Ok(metrics) = stored.parse() else {
            continue;
        };
        let name = metrics.at(&["metadata", "name"]).and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let has = |wanted| {
            let mut containers = metrics.items("containers").iter();
            containers.any(|container| container.str("name") == Some(wanted))
        };
        if let Some(wanted) = container
            && !has(wanted)
        {
            let namespace = scope.namespace;
            return Err(format!(
                "container {wanted} not present in metrics for pod {namespace}/{name}"
            ));
        }
        if let Some(sample) = sample(&metrics, resource, container) {
            samples.insert(name.to_owned(), sample);
        }
    }
    Ok(samples)
}

/// What a pod uses: all containers together, or the one that is meant. None if one of them was not measured.
fn sample(metrics: &Value, resource: &str, wanted: Option<&str>) -> Option<Sample> {
    let mut value = 0_i64;
    let mut is_found = false;
    for container in metrics.items("containers") {
        if wanted.is_some_and(|wanted| container.str("name") != Some(wanted)) {
            continue;
        }
        let used = container.at(&["usage", resource])?;
        value = value.saturating_add(Quantity::from_value(used).ok()?.milli_value());
        is_found = true;
    }
    let window = metrics.str_or_empty("window").trim_end_matches('s');
    let window = window.split('.').next().unwrap_or_default();
    is_found.then(|| Sample {
        value,
        time: metrics
            .str("timestamp")
            .and_then(Timestamp::parse)
            .unwrap_or_default(),
        window_seconds: window.parse().unwrap_or(30),
    })
}

fn read(pod: &Value, resource: &str, wanted: Option<&str>) -> Pod {
    let none = Value::Null;
    let status = pod.get("status").unwrap_or(&none);
    let name = pod.at(&["metadata", "name"]).and_then(Value::as_str);
    let name = name.unwrap_or_default();
    let ready = condition(status, "Ready").map(|ready| {
        let since = ready.str("lastTransitionTime").and_then(Timestamp::parse);
        (
            ready.str("status") != Some("False"),
            since.unwrap_or_default(),
        )
    });
    Pod {
        name: name.to_owned(),
        phase: status.str_or_empty("phase").to_owned(),
        is_ending: pod.at(&["metadata", "deletionTimestamp"]).is_some(),
        started: status.str("startTime").and_then(Timestamp::parse),
        ready,
        request: request(pod.get("spec").unwrap_or(&none), name, resource, wanted),
    }
}

/// What a pod requests of a resource, or its container of that name, in thousandths; an error in upstream's words if one
/// does not say.
fn request(spec: &Value, pod: &str, resource: &str, wanted: Option<&str>) -> Result<i64, String> {
    if wanted.is_none() && is_pod_level_set_in(spec, "requests") {
        let all = pod_requests(spec, requests);
        let own = all.get(resource).map(Quantity::milli_value);
        return own.ok_or_else(|| format!("missing pod-level request for {resource} in Pod {pod}"));
    }
    let sidecars = spec.items("initContainers").iter();
    let sidecars = sidecars.filter(|container| container.str("restartPolicy") == Some("Always"));
    let mut sum = 0_i64;
    let mut is_found = false;
    for container in spec.items("containers").iter().chain(sidecars) {
        let own = container.str_or_empty("name");
        if wanted.is_some_and(|wanted| own != wanted) {
            continue;
        }
        let asked = container.at(&["resources", "requests", resource]);
        let asked = asked.and_then(|asked| Quantity::from_value(asked).ok());
        let asked = asked.ok_or_else(|| {
            format!("missing request for {resource} in container {own} of Pod {pod}")
        })?;
        sum = sum.saturating_add(asked.milli_value());
        is_found = true;
    }
    match wanted {
        Some(container) if !is_found => {
            Err(format!("container {container} not found in Pod {pod}"))
        }
        _ => Ok(sum),
    }
}

fn status(
    metric: &Value,
    side: &'static str,
    resource: &str,
    container: Option<&str>,
    proposal: &Proposal,
) -> Value {
    let mut status = Value::object();
    status.set("type", metric.str_or_empty("type"));
    let shown = status.child_mut(side);
    shown.set("name", resource);
    if let Some(container) = container {
        shown.set("container", container);
    }
    let current = shown.child_mut("current");
    let average = Quantity::new_milli(proposal.average, Format::DecimalSi);
    current.set("averageValue", average.to_string());
    if let Some(utilization) = proposal.utilization {
        current.set("averageUtilization", utilization);
    }
    status
}
