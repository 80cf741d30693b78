//! What a budget allows, as a function of its pods and of how many there should be.

use crate::conditions;
use crate::driver::Cached;
use crate::int_or_percent::scaled;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::{Timestamp, Value};

/// How long an eviction that was granted may take before the pod counts again, in seconds.
const DELETION_TIMEOUT: i64 = 2 * 60;
const ALLOWED: &str = "DisruptionAllowed";

/// Whether a budget is about a pod.
pub(super) fn selects(budget: &Value, pod: &Cached) -> bool {
    let selector = budget.at(&["spec", "selector"]).unwrap_or(&Value::Null);
    !selector.is_null() && pod.meta.is_selected_by(selector)
}

/// Whether a budget has to know how many pods there should be, beside how many there are.
pub(super) fn needs_scale(budget: &Value) -> bool {
    let spec = budget.get("spec").unwrap_or(&Value::Null);
    spec.get("maxUnavailable").is_some()
        || spec
            .get("minAvailable")
            .is_some_and(|value| value.as_i64().is_none())
}

/// How many pods a budget expects and how many of them have to be healthy. `scale` is how many there should be.
pub(super) fn desired(budget: &Value, pods: i64, scale: i64) -> Result<(i64, i64), String> {
    let spec = budget.get("spec").unwrap_or(&Value::Null);
    let share = |value: &Value| {
        scaled(value, scale, true).ok_or_else(|| {
            "invalid value for IntOrString: invalid type: string is not a percentage".to_owned()
        })
    };
    if let Some(max) = spec.get("maxUnavailable") {
        return Ok((scale, scale.saturating_sub(share(max)?).max(0)));
    }
    match spec.get("minAvailable") {
        None => Ok((0, 0)),
        Some(min) => match min.as_i64() {
            Some(min) => Ok((pods, min)),
            None => Ok((scale, share(min)?)),
        },
    }
}

/// Pods whose eviction was granted and that are not being deleted yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Disrupted {
    pods: BTreeMap<String, Timestamp>,
    /// When the first of them counts again.
    pub(super) recheck: Option<Timestamp>,
    /// Those that count again because they were not deleted in time.
    pub(super) forgotten: Vec<Arc<Cached>>,
}

impl Disrupted {
    /// Reads them from the status, and drops those that are gone, being deleted, or late.
    pub(super) fn of(status: &Value, pods: &[Arc<Cached>], now: Timestamp) -> Self {
        let mut found = Self::default();
        let noted = status.get("disruptedPods").unwrap_or(&Value::Null);
        for pod in pods.iter().filter(|pod| pod.meta.deleted.is_none()) {
            let Some(time) = noted.str(&pod.meta.name).and_then(Timestamp::parse) else {
                continue;
            };
            let due = time.saturating_add_seconds(DELETION_TIMEOUT);
            if due < now {
                found.forgotten.push(Arc::clone(pod));
                continue;
            }
            found.recheck = Some(found.recheck.map_or(due, |recheck| recheck.min(due)));
            found.pods.insert(pod.meta.name.to_string(), time);
        }
        found
    }

    fn counts(&self, pod: &Cached, now: Timestamp) -> bool {
        let time = self.pods.get(pod.meta.name.as_str());
        time.is_none_or(|time| time.saturating_add_seconds(DELETION_TIMEOUT) <= now)
    }
}

/// The status that a budget is to have.
pub(super) fn status(
    budget: &Value,
    pods: &[Arc<Cached>],
    (expected, desired): (i64, i64),
    disrupted: &Disrupted,
    now: Timestamp,
) -> Value {
    let healthy = pods.iter().filter(|pod| {
        let is_ready = pod.pod.as_ref().is_some_and(|pod| pod.is_ready());
        pod.meta.deleted.is_none() && is_ready && disrupted.counts(pod, now)
    });
    let healthy = i64::try_from(healthy.count()).unwrap_or(i64::MAX);
    // With no pods at all, nothing is allowed: the first ones are safe before the controller has seen them.
    let allowed = if expected <= 0 {
        0
    } else {
        healthy.saturating_sub(desired).max(0)
    };
    let mut status = budget.get("status").cloned().unwrap_or_else(Value::object);
    let generation = generation(budget);
    status.set("observedGeneration", generation);
    if disrupted.pods.is_empty() {
        status.remove("disruptedPods");
    } else {
        let pods = disrupted.pods.iter();
        let pods = pods.map(|(name, time)| (name.as_str(), time.to_string()));
        status.set("disruptedPods", pods.collect::<Value>());
    }
    status.set("disruptionsAllowed", allowed);
    status.set("currentHealthy", healthy);
    status.set("desiredHealthy", desired);
    status.set("expectedPods", expected);
    let (holds, reason) = if allowed > 0 {
        (true, "SufficientPods")
    } else {
        (false, "InsufficientPods")
    };
    set_condition(&mut status, (holds, reason, ""), generation, now);
    status
}

/// The status of a budget that cannot be reckoned: nothing is allowed.
pub(super) fn failed(budget: &Value, why: &str, now: Timestamp) -> Value {
    let mut status = budget.get("status").cloned().unwrap_or_else(Value::object);
    status.set("disruptionsAllowed", 0_i64);
    for key in ["currentHealthy", "desiredHealthy", "expectedPods"] {
        status.set_default(key, || 0_i64);
    }
    let generation = status.int("observedGeneration").unwrap_or_default();
    set_condition(&mut status, (false, "SyncFailed", why), generation, now);
    status
}

fn generation(budget: &Value) -> i64 {
    let generation = budget.at(&["metadata", "generation"]);
    generation.and_then(Value::as_i64).unwrap_or_default()
}

/// Sets the one condition. Its time changes only with whether it holds.
fn set_condition(
    status: &mut Value,
    (holds, reason, message): (bool, &str, &str),
    generation: i64,
    now: Timestamp,
) {
    let holds = if holds { "True" } else { "False" };
    let mut all = status.items("conditions").to_vec();
    let since = conditions::since(conditions::find(&all, ALLOWED), holds, now);
    let mut value = Value::object();
    value.set("type", ALLOWED);
    value.set("status", holds);
    if generation != 0 {
        value.set("observedGeneration", generation);
    }
    value.set("lastTransitionTime", since);
    value.set("reason", reason);
    value.set("message", message);
    conditions::put(&mut all, value);
    status.set("conditions", all);
}

/// A label selector as Go prints it.
pub(super) fn printed(selector: &Value) -> String {
    let mut labels: Vec<(&str, &str)> = selector.str_entries("matchLabels").collect();
    labels.sort_unstable();
    let labels: Vec<String> = labels
        .into_iter()
        .map(|(key, value)| format!("{key}: {value},"))
        .collect();
    let expressions = selector.items("matchExpressions").iter();
    let expressions: Vec<String> = expressions.map(printed_expression).collect();
    let (labels, expressions) = (labels.concat(), expressions.concat());
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}

fn printed_expression(expression: &Value) -> String {
    let values = expression.items("values").iter().filter_map(Value::as_str);
    let values: Vec<&str> = values.collect();
    format!(
        "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
        expression.str_or_empty("key"),
        expression.str_or_empty("operator"),
        values.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::client::Stored;
    use tollgate_api::json;

    const NOW: i64 = 1_800_000_000;

    fn at(ago: i64) -> Timestamp {
        Timestamp::from_unix_seconds(NOW - ago)
    }

    fn value(text: &str) -> Value {
        json::from_str(text).unwrap()
    }

    fn pod(text: &str) -> Arc<Cached> {
        let (name, state) = text.split_once(' ').unwrap();
        let deleted = if state == "dying" {
            format!(r#","deletionTimestamp":"{}""#, at(0))
        } else {
            String::new()
        };
        let ready = if state == "broken" { "False" } else { "True" };
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n"{deleted}}},"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
        );
        let stored = Stored {
            json: text.into_bytes().into(),
            revision: 1,
        };
        Arc::new(Cached::new(&stored, true).unwrap())
    }

    #[test]
    fn budgets_ask_for_numbers_or_shares() {
        for (spec, scale_counts, expected) in [
            (r#""minAvailable":2"#, false, (3, 2)),
            (r#""minAvailable":"50%""#, true, (5, 3)),
            (r#""maxUnavailable":1"#, true, (5, 4)),
            (r#""maxUnavailable":"30%""#, true, (5, 3)),
            (r#""maxUnavailable":9"#, true, (5, 0)),
            ("", false, (0, 0)),
        ] {
            let budget = value(&format!(r#"{{"spec":{{{spec}}}}}"#));
            assert_eq!(needs_scale(&budget), scale_counts, "{spec}");
            assert_eq!(desired(&budget, 3, 5), Ok(expected), "{spec}");
        }
        let wrong = value(r#"{"spec":{"minAvailable":"x"}}"#);
        assert!(desired(&wrong, 3, 5).is_err());
    }

    #[track_caller]
    fn check(pods: &[&str], noted: &str, numbers: (i64, i64), healthy: i64, allowed: i64) {
        let budget = value(&format!(
            r#"{{"metadata":{{"generation":2}},"status":{{"disruptedPods":{{{noted}}}}}}}"#
        ));
        let pods: Vec<Arc<Cached>> = pods.iter().map(|text| pod(text)).collect();
        let disrupted = Disrupted::of(budget.get("status").unwrap(), &pods, at(0));
        let status = status(&budget, &pods, numbers, &disrupted, at(0));
        assert_eq!(status.int("currentHealthy"), Some(healthy), "{pods:?}");
        assert_eq!(status.int("disruptionsAllowed"), Some(allowed), "{pods:?}");
        let reason = status.items("conditions")[0].str_or_empty("reason");
        let expected = if allowed > 0 {
            "SufficientPods"
        } else {
            "InsufficientPods"
        };
        assert_eq!(reason, expected);
    }

    #[test]
    fn healthy_pods_beyond_the_desired_may_go() {
        let noted = |ago: i64| format!(r#""a":"{}""#, at(ago));
        check(&["a ready", "b ready", "c broken"], "", (3, 1), 2, 1);
        check(&["a ready", "b dying"], "", (2, 1), 1, 0);
        check(&["a ready", "b ready"], &noted(10), (2, 1), 1, 0);
        check(&["a ready", "b ready"], &noted(121), (2, 1), 2, 1);
        check(
            &["a ready", "b ready"],
            r#""x":"2026-01-15T12:00:00Z""#,
            (2, 1),
            2,
            1,
        );
        check(&["a ready"], "", (0, 0), 1, 0);
        check(&["a broken"], "", (3, 2), 0, 0);
    }

    #[test]
    fn granted_evictions_are_looked_at_again() {
        let status = value(&format!(
            r#"{{"disruptedPods":{{"a":"{}","b":"{}","c":"{}","d":"{}"}}}}"#,
            at(10),
            at(20),
            at(200),
            at(20)
        ));
        let pods = [
            pod("a ready"),
            pod("b ready"),
            pod("c ready"),
            pod("d dying"),
        ];
        let found = Disrupted::of(&status, &pods, at(0));
        assert_eq!(found.recheck, Some(at(-100)));
        assert_eq!(found.pods.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found.forgotten.len(), 1);
    }

    #[test]
    fn a_failure_allows_nothing_and_says_why() {
        let budget = value(
            r#"{"status":{"observedGeneration":1,"disruptionsAllowed":2,"currentHealthy":3}}"#,
        );
        let status = failed(&budget, "because", at(0));
        let now = at(0);
        let expected = value(&format!(
            r#"{{"observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":3,"desiredHealthy":0,"expectedPods":0,
            "conditions":[{{"type":"DisruptionAllowed","status":"False","observedGeneration":1,"lastTransitionTime":"{now}","reason":"SyncFailed","message":"because"}}]}}"#
        ));
        assert_eq!(status, expected);
    }

    #[test]
    fn selectors_are_printed_as_go_prints_them() {
        let selector = value(
            r#"{"matchLabels":{"b":"2","a":"1"},"matchExpressions":[{"key":"c","operator":"In","values":["x","y"]}]}"#,
        );
        assert_eq!(
            printed(&selector),
            "&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:c,Operator:In,Values:[x y],},},}"
        );
    }
}
