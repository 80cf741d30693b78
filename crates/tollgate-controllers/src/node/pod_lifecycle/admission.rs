//! Whether a node takes a pod that was bound to it, and the first status of one that it takes.

use super::behaviour;
use super::events::PodEvent;
use super::member::members;
use super::outcome::Step;
use super::{Surroundings, resize, status};
use crate::node::moment;
use crate::node::resources::{Resources, in_messages};
use crate::scheduler::pod::{HostPort, host_ports};
use tollgate_api::{Quantity, Timestamp, Value, resource_name};

/// A node as its pods meet it.
#[derive(Debug, Clone)]
pub struct NodeFacts<'s> {
    /// The node's address.
    pub ip: &'s str,
    /// The node object, for its name, labels and taints.
    pub node: &'s Value,
    /// What pods may use.
    pub allocatable: &'s Resources,
    /// What other pods have of it.
    pub used: &'s Resources,
    /// How many other pods have come here and not ended.
    pub pods: usize,
    /// The ports of the node that other pods have.
    pub host_ports: &'s [HostPort],
}

/// Why a node does not take a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// In one word: `OutOfcpu`, `NodeAffinity`.
    pub reason: String,
    /// For people.
    pub message: String,
}

/// Admits or rejects a pod.
pub(crate) fn step(pod: &Value, around: &Surroundings<'_>, step: &mut Step, now: Timestamp) {
    if let Some(rejection) = reject(pod, &around.node) {
        let mut status = pod.get("status").cloned().unwrap_or_else(Value::object);
        if let Some(generation) = status::generation(pod, around) {
            status.set("observedGeneration", generation);
        }
        status.set("phase", "Failed");
        status.set("reason", rejection.reason.as_str());
        status.set(
            "message",
            format!("Pod was rejected: {}", rejection.message),
        );
        status.set("startTime", moment::to_value(now));
        step.status = Some(status);
        step.events
            .push(PodEvent::warning(&rejection.reason, rejection.message));
        return;
    }
    let members = members(pod);
    let untouched = resize::Conditions::default();
    step.status = Some(status::build(
        pod, around, &members, "Pending", &untouched, now,
    ));
    for (_, message) in behaviour::problems(pod) {
        step.events
            .push(PodEvent::warning("IgnoredAnnotation", message));
    }
}

/// Why the node does not take the pod, if it does not.
pub(crate) fn reject(pod: &Value, node: &NodeFacts<'_>) -> Option<Rejection> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    if let Some(rejection) = wrong_system(pod, spec) {
        return Some(rejection);
    }
    let requests = status::allotted_requests(pod);
    if let Some((name, message)) = shortage(&requests, node) {
        return Some(Rejection {
            reason: format!("OutOf{name}"),
            message,
        });
    }
    if !is_wanted(spec, node.node) {
        return Some(Rejection {
            reason: "NodeAffinity".to_owned(),
            message:
                "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
                    .to_owned(),
        });
    }
    let wanted = host_ports(spec);
    let is_taken = |port: &HostPort| {
        node.host_ports
            .iter()
            .any(|other| port.conflicts_with(other))
    };
    if wanted.iter().any(is_taken) {
        return Some(Rejection {
            reason: "NodePorts".to_owned(),
            message:
                "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
                    .to_owned(),
        });
    }
    let taints = node
        .node
        .get("spec")
        .map_or(&[][..], |spec| spec.items("taints"));
    let evicts = |taint: &&Value| taint.str("effect") == Some("NoExecute");
    let mut taints = taints.iter().filter(evicts);
    if taints.any(|taint| {
        !spec
            .items("tolerations")
            .iter()
            .any(|one| tolerates(one, taint))
    }) {
        return Some(Rejection {
            reason: "TaintToleration".to_owned(),
            message:
                "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
                    .to_owned(),
        });
    }
    None
}

/// Whether the pod is one for another operating system, which no simulated node has.
fn wrong_system(pod: &Value, spec: &Value) -> Option<Rejection> {
    const SYSTEM: &str = "linux";
    let is_other = |name: Option<&Value>| {
        name.and_then(Value::as_str)
            .is_some_and(|name| name != SYSTEM)
    };
    let rejection = |reason: &str, message: &str| {
        Some(Rejection {
            reason: reason.to_owned(),
            message: message.to_owned(),
        })
    };
    if is_other(pod.at(&["metadata", "labels", "kubernetes.io/os"])) {
        return rejection(
            "PodOSSelectorNodeLabelDoesNotMatch",
            "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
        );
    }
    if is_other(spec.at(&["os", "name"])) {
        return rejection(
            "PodOSNotSupported",
            "Failed to admit pod as the OS field doesn't match node OS",
        );
    }
    None
}

/// The resources that are looked at first, in this order.
const FIRST: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// The first resource of which the node has not enough left, and what is said of it.
pub(crate) fn shortage(requests: &Resources, node: &NodeFacts<'_>) -> Option<(String, String)> {
    let said = |name: &str, requested: i64, used: i64, capacity: i64| {
        let message = format!(
            "Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
        );
        Some((name.to_owned(), message))
    };
    let pods = i64::try_from(node.pods).unwrap_or(i64::MAX);
    let pods_max = node.allocatable.get("pods").map_or(0, Quantity::value);
    if pods >= pods_max {
        return said("pods", 1, pods, pods_max);
    }
    let rest = requests
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !FIRST.contains(name));
    for name in FIRST.into_iter().chain(rest) {
        let Some(requested) = requests.get(name).filter(|requested| !requested.is_zero()) else {
            continue;
        };
        let none = Quantity::from_int(0);
        let used = node.used.get(name).unwrap_or(&none);
        let stated = || {
            let stated = node.node.at(&["status", "allocatable"])?.get(name)?;
            Quantity::from_value(stated).ok()
        };
        let capacity = match node.allocatable.get(name).cloned().or_else(stated) {
            Some(capacity) => capacity,
            // Extended resources that no node states are the cluster's, which the scheduler has counted.
            None if resource_name::is_extended(name) => continue,
            None => none.clone(),
        };
        let mut together = used.clone();
        together.add(requested);
        if together > capacity {
            let [requested, used, capacity] =
                [requested, used, &capacity].map(|amount| in_messages(name, amount));
            return said(name, requested, used, capacity);
        }
    }
    None
}

/// Whether the pod's node selector and its required node affinity match the node.
fn is_wanted(spec: &Value, node: &Value) -> bool {
    let labels = node.at(&["metadata", "labels"]).unwrap_or(&Value::Null);
    if !spec
        .str_entries("nodeSelector")
        .all(|(key, value)| labels.str(key) == Some(value))
    {
        return false;
    }
    let required = [
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ];
    let Some(required) = spec.at(&required) else {
        return true;
    };
    let name = node.at(&["metadata", "name"]).and_then(Value::as_str);
    required.items("nodeSelectorTerms").iter().any(|term| {
        let (expressions, fields) = (term.items("matchExpressions"), term.items("matchFields"));
        let is_empty = expressions.is_empty() && fields.is_empty();
        let label_of = |one: &Value| labels.str(one.str_or_empty("key")).map(str::to_owned);
        let field_of = |one: &Value| {
            name.filter(|_| one.str("key") == Some("metadata.name"))
                .map(str::to_owned)
        };
        !is_empty
            && expressions
                .iter()
                .all(|one| requirement_holds(one, label_of(one).as_deref()))
            && fields
                .iter()
                .all(|one| requirement_holds(one, field_of(one).as_deref()))
    })
}

fn requirement_holds(requirement: &Value, actual: Option<&str>) -> bool {
    let values = requirement.items("values");
    let is_listed = |actual: &str| values.iter().any(|value| value.as_str() == Some(actual));
    let number = |text: &str| text.parse::<i64>().ok();
    let bound = values.first().and_then(Value::as_str).and_then(number);
    match requirement.str_or_empty("operator") {
        "In" => actual.is_some_and(is_listed),
        "NotIn" => !actual.is_some_and(is_listed),
        "Exists" => actual.is_some(),
        "DoesNotExist" => actual.is_none(),
        "Gt" => actual
            .and_then(number)
            .zip(bound)
            .is_some_and(|(actual, bound)| actual > bound),
        "Lt" => actual
            .and_then(number)
            .zip(bound)
            .is_some_and(|(actual, bound)| actual < bound),
        _ => false,
    }
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let effect = toleration.str_or_empty("effect");
    let key = toleration.str_or_empty("key");
    let exists = toleration.str("operator") == Some("Exists");
    (effect.is_empty() || effect == taint.str_or_empty("effect"))
        && (key == taint.str_or_empty("key") || key.is_empty() && exists)
        && (exists || toleration.str_or_empty("value") == taint.str_or_empty("value"))
}
