//! horizontal-pod-autoscaler-controller: as many pods as their usage calls for.
//!
//! Upstream: `pkg/controller/podautoscaler`. What pods use is read from `metrics.k8s.io`, if somebody serves it.

mod behavior;
mod metrics;
mod replicas;
mod unserved;

use crate::conditions;
use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::events::{EventType, Reference};
use crate::resources::HORIZONTAL_POD_AUTOSCALERS;
use behavior::{Bounds, Memory};
use metrics::{Failure, Measured, Scope};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tollgate_api::client::{Identity, Pending, Reply, ServedResource, Target, Verb};
use tollgate_api::{Status, Value};

/// How often an autoscaler is looked at.
const PERIOD: Duration = Duration::from_secs(15);

/// The controller.
#[derive(Debug, Default)]
pub struct HorizontalPodAutoscalers {
    memories: Mutex<BTreeMap<Key, Memory>>,
}

impl HorizontalPodAutoscalers {
    fn memories(&self) -> MutexGuard<'_, BTreeMap<Key, Memory>> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Controller for HorizontalPodAutoscalers {
    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("horizontal-pod-autoscaler")
    }

    fn component(&self) -> &'static str {
        "horizontal-pod-autoscaler"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&HORIZONTAL_POD_AUTOSCALERS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        let spec = |object: &crate::driver::Cached| {
            let object = object.object().ok();
            object.and_then(|object| object.get("spec").cloned())
        };
        match (change.old, change.new) {
            (Some(old), Some(new)) if old.meta.uid == new.meta.uid && spec(old) == spec(new) => {}
            (_, Some(new)) => queue.add(Key::of(new)),
            (Some(old), None) => {
                self.memories().remove(&Key::of(old));
            }
            (None, None) => {}
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let resource = &HORIZONTAL_POD_AUTOSCALERS;
            let Some(found) = context.cache.get(resource, &key.namespace, &key.name) else {
                return Ok(Requeue::No);
            };
            let old = found.object()?;
            let mut scaler = Scaler {
                about: Reference::to("autoscaling/v2", "HorizontalPodAutoscaler", &found),
                new: old.clone(),
                context,
            };
            self.scale(&mut scaler, key).await;
            let new = scaler.new;
            if new.get("status") != old.get("status") {
                let about = Reference::of(&new);
                if let Err(status) = context.update(resource, "status", new).await {
                    context.event(
                        about,
                        EventType::Warning,
                        "FailedUpdateStatus",
                        status.message.as_str(),
                    );
                    return Err(status);
                }
            }
            Ok(Requeue::After(PERIOD))
        })
    }
}

/// An autoscaler whose status is being made.
struct Scaler<'a> {
    context: &'a Context,
    about: Reference,
    new: Value,
}

impl Scaler<'_> {
    fn set(&mut self, condition_type: &'static str, status: bool, reason: &str, message: &str) {
        let value = if status { "True" } else { "False" };
        let of = self.new.child_mut("status");
        let mut all = of.items("conditions").to_vec();
        let known = conditions::find(&all, condition_type);
        let since = conditions::since(known, value, self.context.now);
        let mut condition = Value::object();
        condition.set("type", condition_type);
        condition.set("status", value);
        condition.set("lastTransitionTime", since);
        condition.set("reason", reason);
        condition.set("message", message);
        conditions::put(&mut all, condition);
        of.set("conditions", Value::Array(all));
    }

    fn event(&self, event_type: EventType, reason: &str, message: impl Into<String>) {
        self.context
            .event(self.about.clone(), event_type, reason, message);
    }

    fn spec(&self) -> Value {
        self.new.get("spec").cloned().unwrap_or_default()
    }

    /// Sets the numbers of the status.
    fn count(&mut self, current: i64, desired: i64, metrics: Vec<Value>) {
        let generation = self.new.at(&["metadata", "generation"]).cloned();
        let status = self.new.child_mut("status");
        if let Some(generation) = generation {
            status.set("observedGeneration", generation);
        }
        status.set("currentReplicas", current);
        status.set("desiredReplicas", desired);
        if metrics.is_empty() {
            status.remove("currentMetrics");
        } else {
            status.set("currentMetrics", metrics);
        }
    }

    fn desired(&self) -> i64 {
        let desired = self.new.at(&["status", "desiredReplicas"]);
        desired.and_then(Value::as_i64).unwrap_or_default()
    }

    fn no_scale(&mut self, why: &str) {
        self.event(EventType::Warning, "FailedGetScale", why);
        let message =
            format!("the HPA controller was unable to get the target's current scale: {why}");
        self.set("AbleToScale", false, "FailedGetScale", &message);
    }

    /// The target as it can be scaled.
    async fn target(&self) -> Result<(ServedResource, Value), String> {
        let spec = self.spec();
        let target = spec.get("scaleTargetRef").cloned().unwrap_or_default();
        let (version, kind) = (
            target.str_or_empty("apiVersion"),
            target.str_or_empty("kind"),
        );
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let mut served = self.context.resources().into_iter();
        let served = served.find(|served| served.resource.group == group && served.kind == kind);
        let served = served.ok_or_else(|| {
            let version = version.rsplit('/').next().unwrap_or_default();
            format!("no matches for kind \"{kind}\" in version \"{version}\"")
        })?;
        let at = Target::object(
            &served.resource,
            &self.about.namespace,
            target.str_or_empty("name"),
        );
        let scale = self.context.call(at.sub("scale"), Verb::Get).await;
        match scale {
            Ok(Reply::Other(scale)) => Ok((served, scale)),
            Ok(_) => Err("unrecognized resource".to_owned()),
            Err(status) => Err(status.message),
        }
    }
}

fn int(object: &Value, keys: &[&str]) -> i64 {
    object.at(keys).and_then(Value::as_i64).unwrap_or_default()
}

impl HorizontalPodAutoscalers {
    async fn scale(&self, scaler: &mut Scaler<'_>, key: &Key) {
        let (served, scale) = match scaler.target().await {
            Ok(target) => target,
            Err(why) => return scaler.no_scale(&why),
        };
        let message = "the HPA controller was able to get the target's current scale";
        scaler.set("AbleToScale", true, "SucceededGetScale", message);
        let now = scaler.context.now;
        let current = int(&scale, &["spec", "replicas"]);
        self.memories()
            .entry(key.clone())
            .or_default()
            .begin(current, now);
        let mut metrics = Vec::new();
        let chosen = self.choose(scaler, key, &scale, &mut metrics).await;
        match chosen {
            None => {
                let desired = scaler.desired();
                scaler.count(current, desired, metrics);
            }
            Some((desired, _)) if desired == current => {
                scaler.count(current, current, metrics);
            }
            Some((desired, reason)) => {
                let done = rescale(scaler, &served, scale, desired, &reason).await;
                let counted = if done {
                    self.memories()
                        .entry(key.clone())
                        .or_default()
                        .changed(current, desired, now);
                    let status = scaler.new.child_mut("status");
                    status.set("lastScaleTime", now.to_string());
                    desired
                } else {
                    scaler.desired()
                };
                scaler.count(current, counted, metrics);
            }
        }
    }

    /// How many are wanted, and why; none if that cannot be said.
    async fn choose(
        &self,
        scaler: &mut Scaler<'_>,
        key: &Key,
        scale: &Value,
        metrics: &mut Vec<Value>,
    ) -> Option<(i64, String)> {
        let spec = scaler.spec();
        let current = int(scale, &["spec", "replicas"]);
        let bounds = Bounds {
            min: spec.int("minReplicas").unwrap_or(1),
            max: spec.int("maxReplicas").unwrap_or_default(),
            current,
        };
        if current == 0 && bounds.min != 0 {
            let message = "scaling is disabled since the replica count of the target is zero";
            scaler.set("ScalingActive", false, "ScalingDisabled", message);
            return Some((0, String::new()));
        }
        let outside = |side| format!("Current number of replicas {side}");
        if current > bounds.max {
            return Some((bounds.max, outside("above Spec.MaxReplicas")));
        }
        if current < bounds.min {
            return Some((bounds.min, outside("below Spec.MinReplicas")));
        }
        let (wanted, name) = measure(scaler, scale, current, metrics).await?;
        let reason = if wanted > current {
            format!("{name} above target")
        } else {
            "All metrics below target".to_owned()
        };
        let behavior = spec.get("behavior");
        let normal = {
            let mut memories = self.memories();
            let memory = memories.entry(key.clone()).or_default();
            behavior::normalize(memory, behavior, bounds, wanted, scaler.context.now)
        };
        let (able, limit) = (normal.able, normal.limit);
        scaler.set("AbleToScale", true, able.0, able.1);
        scaler.set("ScalingLimited", normal.is_limited, limit.0, limit.1);
        Some((normal.replicas, reason))
    }
}

/// Writes another scale; tells whether that went well.
async fn rescale(
    scaler: &mut Scaler<'_>,
    served: &ServedResource,
    mut scale: Value,
    desired: i64,
    reason: &str,
) -> bool {
    scale.child_mut("spec").set("replicas", desired);
    let mut told = format!("New size: {desired}; reason: {reason}");
    if let Err(status) = write(scaler, served, scale).await {
        told.push_str("; error: ");
        told.push_str(&status.message);
        scaler.event(EventType::Warning, "FailedRescale", told);
        let message = format!("the HPA controller was unable to update the target scale: {status}");
        scaler.set("AbleToScale", false, "FailedUpdateScale", &message);
        return false;
    }
    let message = format!("the HPA controller was able to update the target scale to {desired}");
    scaler.set("AbleToScale", true, "SucceededRescale", &message);
    scaler.event(EventType::Normal, "SuccessfulRescale", told);
    true
}

async fn write(scaler: &Scaler<'_>, served: &ServedResource, scale: Value) -> Result<(), Status> {
    let name = scaler.spec();
    let name = name.at(&["scaleTargetRef", "name"]).and_then(Value::as_str);
    let name = name.unwrap_or_default();
    let target = Target::object(&served.resource, &scaler.about.namespace, name).sub("scale");
    scaler
        .context
        .call(target, Verb::Update(scale))
        .await
        .map(|_| ())
}

/// Asks all metrics: the one that wants most counts. None if nothing can be said; that stands in the conditions then.
async fn measure(
    scaler: &mut Scaler<'_>,
    scale: &Value,
    current: i64,
    shown: &mut Vec<Value>,
) -> Option<(i64, String)> {
    let selector = scale.at(&["status", "selector"]).and_then(Value::as_str);
    let Some(selector) = selector.filter(|selector| !selector.is_empty()) else {
        scaler.event(
            EventType::Warning,
            "SelectorRequired",
            "selector is required",
        );
        let message = "the HPA target's scale is missing a selector";
        scaler.set("ScalingActive", false, "InvalidSelector", message);
        return None;
    };
    let spec = scaler.spec();
    let namespace = scaler.about.namespace.clone();
    let scope = Scope {
        namespace: &namespace,
        selector,
        current,
        tolerance: replicas::tolerance(spec.get("behavior")),
    };
    let mut best: Option<Measured> = None;
    let mut failures: Vec<Failure> = Vec::new();
    let wanted = spec.items("metrics");
    for metric in wanted {
        match metrics::look(scaler.context, scope, metric).await {
            Ok(measured) => {
                shown.push(measured.status.clone());
                if best
                    .as_ref()
                    .is_none_or(|best| measured.proposal.replicas > best.proposal.replicas)
                {
                    best = Some(measured);
                }
            }
            Err(failure) => {
                // Its place stays empty.
                shown.push(Value::from_iter([("type", "")]));
                scaler.event(EventType::Warning, failure.reason, failure.message.as_str());
                failures.push(failure);
            }
        }
    }
    // A metric that cannot be read might want more than the others: nothing shrinks for want of it.
    let shrinks = best
        .as_ref()
        .is_some_and(|best| best.proposal.replicas < current);
    if let Some(first) = failures.first()
        && (best.is_none() || shrinks)
    {
        let told = first.message.as_str();
        let message = format!("the HPA was unable to compute the replica count: {told}");
        scaler.set("ScalingActive", false, first.reason, &message);
        let message = format!(
            "invalid metrics ({} invalid out of {}), first error is: {}{told}",
            failures.len(),
            wanted.len(),
            first.prefix,
        );
        scaler.event(EventType::Warning, "FailedComputeMetricsReplicas", message);
        return None;
    }
    let best = best?;
    let message = format!(
        "the HPA was able to successfully calculate a replica count from {}",
        best.name
    );
    scaler.set("ScalingActive", true, "ValidMetricFound", &message);
    Some((best.proposal.replicas, best.name))
}
