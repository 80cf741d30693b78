//! What an object counts under the keys of quotas, worked out from its text alone: no line of the server is used.

use crate::simulation::mirror::is_terminal;
use std::collections::BTreeMap;
use tollgate_api::{Quantity, Value};
use tollgate_apiserver::storage::Key;

/// Amounts in thousandths, by key of a quota.
pub(crate) type Amounts = BTreeMap<String, i64>;

/// What one object counts, and what scopes ask of it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// The amounts.
    pub(crate) amounts: Amounts,
    /// Whether scopes can select it at all.
    pub(crate) is_pod: bool,
    is_terminating: bool,
    is_best_effort: bool,
    priority_class: String,
}

/// An amount in thousandths.
pub(crate) fn milli(value: &Value) -> i64 {
    Quantity::from_value(value)
        .expect("an amount")
        .milli_value()
}

/// What the containers of a pod ask for of a resource under `requests` or `limits`, in thousandths.
pub(crate) fn of_containers(spec: &Value, list: &str, resource: &str) -> i64 {
    let of = |container: &Value| {
        let amount = container.at(&["resources", list, resource]);
        amount.map_or(0, milli)
    };
    let mut beside = 0;
    let mut peak = 0;
    for init in spec.items("initContainers") {
        if init.str("restartPolicy") == Some("Always") {
            beside += of(init);
            peak = peak.max(beside);
        } else {
            peak = peak.max(beside + of(init));
        }
    }
    let running: i64 = spec.items("containers").iter().map(of).sum();
    peak.max(running + beside)
}

fn of_pod(pod: &Value) -> Footprint {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let mut amounts = Amounts::from([("count/pods".to_owned(), 1000)]);
    let mut asks = false;
    if !is_terminal(pod) {
        amounts.insert("pods".to_owned(), 1000);
    }
    for (list, resource, keys) in [
        ("requests", "cpu", ["cpu", "requests.cpu"].as_slice()),
        ("requests", "memory", &["memory", "requests.memory"]),
        ("limits", "cpu", &["limits.cpu"]),
        ("limits", "memory", &["limits.memory"]),
    ] {
        let amount = of_containers(spec, list, resource);
        asks |= amount > 0;
        if !is_terminal(pod) {
            amounts.extend(keys.iter().map(|key| ((*key).to_owned(), amount)));
        }
    }
    Footprint {
        amounts,
        is_pod: true,
        is_terminating: spec.int("activeDeadlineSeconds").is_some(),
        is_best_effort: !asks,
        priority_class: spec.str_or_empty("priorityClassName").to_owned(),
    }
}

impl Footprint {
    /// What an object counts.
    pub(crate) fn of(key: &Key, object: &Value) -> Self {
        let (group, resource) = (key.group(), key.resource());
        if (group, resource) == ("", "pods") {
            return of_pod(object);
        }
        let counted = if group.is_empty() {
            format!("count/{resource}")
        } else {
            format!("count/{resource}.{group}")
        };
        let mut amounts = Amounts::from([(counted, 1000)]);
        if group.is_empty() {
            amounts.insert(resource.to_owned(), 1000);
        }
        if resource == "persistentvolumeclaims"
            && let Some(storage) = object.at(&["spec", "resources", "requests", "storage"])
        {
            amounts.insert("requests.storage".to_owned(), milli(storage));
        }
        Self {
            amounts,
            ..Self::default()
        }
    }

    /// Whether the scopes of a quota select it.
    pub(crate) fn is_selected(&self, quota: &Value) -> bool {
        let spec = quota.get("spec").unwrap_or(&Value::Null);
        let mut scopes = spec.items("scopes").iter().filter_map(Value::as_str);
        let by_name = scopes.all(|scope| match scope {
            "Terminating" => self.is_terminating,
            "NotTerminating" => !self.is_terminating,
            "BestEffort" => self.is_best_effort,
            "NotBestEffort" => !self.is_best_effort,
            other => panic!("the simulation knows no scope {other}"),
        });
        let selector = spec.get("scopeSelector");
        let mut expressions = selector
            .map_or(&[][..], |all| all.items("matchExpressions"))
            .iter();
        let by_class = expressions.all(|expression| {
            let mut values = expression.items("values").iter();
            values.any(|value| value.as_str() == Some(&self.priority_class))
        });
        let is_scoped = spec.get("scopes").is_some() || selector.is_some();
        by_name && by_class && (self.is_pod || !is_scoped)
    }
}
