//! Evictions take from a PodDisruptionBudget what it allows and no more, and what it allows is reckoned from pods that
//! are there.

use super::{Circumstances, Law};
use crate::simulation::mirror::{
    Change, Mirror, condition, is_dying, is_terminal, is_true, meta, phase,
};
use std::collections::BTreeMap;
use tollgate_api::{Object, Timestamp, Value, label_selector};
use tollgate_apiserver::storage::Key;
use tollgate_controllers::resources::PODS;

const WORKER: &str = "disruption-controller";
/// How long a pod whose eviction was granted does not count, in seconds.
const GRANTED_SECONDS: i64 = 120;

/// Nobody is evicted beyond a budget.
#[derive(Debug)]
pub(super) struct Budgets;

fn status<'v>(budget: &'v Value, field: &str) -> Option<&'v Value> {
    budget.get("status")?.get(field)
}

fn number(budget: &Value, field: &str) -> i64 {
    let number = status(budget, field).and_then(Value::as_i64);
    number.unwrap_or_default()
}

/// Pods whose eviction was granted, and when.
fn disrupted(budget: &Value) -> BTreeMap<&str, Timestamp> {
    let pods = status(budget, "disruptedPods").and_then(Value::as_object);
    let pods = pods.into_iter().flat_map(Object::iter);
    pods.map(|(name, time)| {
        let time = time.as_str().and_then(Timestamp::parse);
        (name, time.expect("a time"))
    })
    .collect()
}

fn selects(budget: &Value, pod: &Value) -> bool {
    let selector = budget.at(&["spec", "selector"]).unwrap_or(&Value::Null);
    let labels = pod.at(&["metadata", "labels"]).unwrap_or(&Value::Null);
    label_selector::matches(selector, labels)
}

/// An eviction is charged: one disruption less, one pod more.
fn charged(mirror: &Mirror, key: &Key, old: &Value, new: &Value) -> Result<(), String> {
    let (before, after) = (disrupted(old), disrupted(new));
    let (allowed, left) = (
        number(old, "disruptionsAllowed"),
        number(new, "disruptionsAllowed"),
    );
    if before == after && allowed == left {
        return Ok(());
    }
    let lost = before.keys().find(|name| !after.contains_key(*name));
    let gained: Vec<&&str> = after
        .keys()
        .filter(|name| !before.contains_key(*name))
        .collect();
    if lost.is_some() || gained.len() != 1 || left != allowed - 1 || left < 0 {
        return Err(format!(
            "{key} was charged {gained:?}, {lost:?} was let off: {old}"
        ));
    }
    let generation = new.at(&["metadata", "generation"]).and_then(Value::as_i64);
    if Some(number(old, "observedGeneration")) < generation {
        return Err(format!("{key} was charged by what it was: {old}"));
    }
    let pod = mirror.get("", "pods", key.namespace(), gained[0]);
    if !pod.is_some_and(|pod| selects(new, pod) && !is_dying(pod)) {
        return Err(format!(
            "{key} was charged for {gained:?}, which is none of its pods"
        ));
    }
    Ok(())
}

fn is_evicted(pod: &Value) -> bool {
    condition(pod, "DisruptionTarget").is_some_and(|found| {
        found.str("status") == Some("True") && found.str("reason") == Some("EvictionByEvictionAPI")
    })
}

/// A pod is evicted: its one budget has been charged, or does not count it.
fn evicted(mirror: &Mirror, key: &Key, pod: &Value) -> Result<(), String> {
    if is_dying(pod) || is_terminal(pod) || phase(pod) == "Pending" {
        return Err(format!("pod {key} has no need to be evicted: {pod}"));
    }
    let budgets = mirror.of("policy", "poddisruptionbudgets", Some(key.namespace()));
    let budgets: Vec<&Value> = budgets
        .map(|(_, budget)| budget)
        .filter(|budget| selects(budget, pod))
        .collect();
    let budget = match budgets.as_slice() {
        [] => return Ok(()),
        [budget] => *budget,
        _ => return Err(format!("pod {key} was evicted and has several budgets")),
    };
    let policy = budget.at(&["spec", "unhealthyPodEvictionPolicy"]);
    let desired = number(budget, "desiredHealthy");
    let is_spare = policy.and_then(Value::as_str) == Some("AlwaysAllow")
        || (desired > 0 && number(budget, "currentHealthy") >= desired);
    let is_uncounted = !is_true(pod, "Ready") && is_spare;
    if is_uncounted || disrupted(budget).contains_key(key.name()) {
        return Ok(());
    }
    Err(format!("pod {key} was evicted and not charged to {budget}"))
}

/// The controller has reckoned.
fn reckoned(
    key: &Key,
    old: &Value,
    new: &Value,
    circumstances: Circumstances<'_>,
) -> Result<(), String> {
    let pods = circumstances.known.list(&PODS, key.namespace());
    let pods = pods.iter().map(|pod| pod.object().expect("an object"));
    let pods: Vec<Value> = pods.filter(|pod| selects(new, pod)).collect();
    let since = |time: &Timestamp| circumstances.now.unix_seconds() - time.unix_seconds();
    let after = disrupted(new);
    for (name, time) in disrupted(old) {
        let living = pods
            .iter()
            .any(|pod| meta(pod, "name") == name && !is_dying(pod));
        if living && since(&time) <= GRANTED_SECONDS && !after.contains_key(name) {
            return Err(format!("{key} forgot that {name} is being evicted: {old}"));
        }
    }
    let healthy = pods.iter().filter(|pod| {
        let granted = after.get(meta(pod, "name"));
        let counts = granted.is_none_or(|time| since(time) >= GRANTED_SECONDS);
        counts && is_true(pod, "Ready") && !is_dying(pod)
    });
    let healthy = i64::try_from(healthy.count()).unwrap_or(i64::MAX);
    let (allowed, desired) = (
        number(new, "disruptionsAllowed"),
        number(new, "desiredHealthy"),
    );
    if allowed < 0 || allowed > (healthy - desired).max(0) {
        return Err(format!(
            "{key} allows {allowed} of {healthy} healthy pods: {new}"
        ));
    }
    let expected = number(new, "expectedPods");
    let spec = new.get("spec").unwrap_or(&Value::Null);
    let is_low = match (spec.get("minAvailable"), spec.get("maxUnavailable")) {
        (Some(Value::String(percent)), _) => {
            let percent = percent.trim_end_matches('%').parse().unwrap_or(0_i64);
            desired * 100 < expected * percent
        }
        (Some(min), _) => Some(desired) != min.as_i64(),
        (None, Some(max)) => Some(expected - desired) > max.as_i64(),
        (None, None) => false,
    };
    if allowed > 0 && is_low {
        return Err(format!("{key} asks for {desired} pods only: {new}"));
    }
    Ok(())
}

impl Law for Budgets {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes {
            let Some((old, new)) = change.both() else {
                continue;
            };
            if change.is_of("", "pods") && is_evicted(new) && !is_evicted(old) {
                evicted(mirror, &change.key, old)?;
            }
            if !change.is_of("policy", "poddisruptionbudgets") {
                continue;
            }
            if circumstances.worker == Some(WORKER) {
                reckoned(&change.key, old, new, circumstances)?;
            } else {
                charged(mirror, &change.key, old, new)?;
            }
        }
        Ok(())
    }
}
