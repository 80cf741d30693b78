//! Resources that change while a pod runs: what is asked for, allotted and in force.
//!
//! `spec` says what is asked for, `allocatedResources` of a container what it was allotted, `resources` what is in force.
//! A change first has to fit on the node, then takes a moment to come into force.

use super::admission::shortage;
use super::behaviour::A_MOMENT;
use super::container::Terminated;
use super::events::PodEvent;
use super::member::Member;
use super::outcome::Step;
use super::run::WAITING_LOOK;
use super::status::is_resizable;
use super::{Surroundings, status};
use crate::conditions::{self, OfPod};
use crate::node::moment;
use crate::node::resources::{in_messages, pod_requests, requests};
use tollgate_api::{Quantity, Timestamp, Value, json};

const PENDING: &str = "PodResizePending";
const IN_PROGRESS: &str = "PodResizeInProgress";

/// What a step does to the two conditions of a resize.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    pending: Change,
    in_progress: Change,
}

#[derive(Debug, Default)]
enum Change {
    #[default]
    Keep,
    Remove,
    Set {
        reason: &'static str,
        message: String,
    },
}

impl Conditions {
    /// The conditions with these changes.
    pub(crate) fn apply(
        &self,
        mut stored: Vec<Value>,
        generation: Option<i64>,
        now: Timestamp,
    ) -> Vec<Value> {
        for (kind, change) in [(PENDING, &self.pending), (IN_PROGRESS, &self.in_progress)] {
            match change {
                Change::Keep => {}
                Change::Remove => stored.retain(|one| one.str("type") != Some(kind)),
                Change::Set { reason, message } => {
                    let condition = OfPod {
                        condition_type: kind,
                        status: "True",
                        reason,
                        message,
                        generation,
                    };
                    let before = conditions::find(&stored, kind);
                    let condition = condition.to_value(before, now);
                    conditions::put(&mut stored, condition);
                }
            }
        }
        stored
    }
}

fn stored<'p>(pod: &'p Value, kind: &str) -> Option<&'p Value> {
    let mut conditions = pod.get("status")?.items("conditions").iter();
    conditions.find(|condition| condition.str("type") == Some(kind))
}

/// Gives a container what its spec asks for, at its first start.
pub(crate) fn allot(member: &mut Member<'_>) {
    let asked = member
        .container
        .get("resources")
        .cloned()
        .unwrap_or_else(Value::object);
    member.status.allocated = asked.get("requests").cloned();
    member.status.resources = Some(asked);
}

/// Looks whether other resources are asked for than are in force.
pub(crate) fn step(
    pod: &Value,
    around: &Surroundings<'_>,
    members: &mut [Member<'_>],
    step: &mut Step,
    now: Timestamp,
) -> Conditions {
    let mut conditions = Conditions::default();
    if let Some(in_progress) = stored(pod, IN_PROGRESS) {
        let since = moment::read(in_progress, "lastTransitionTime").unwrap_or(now);
        let due = moment::after(since, A_MOMENT);
        if due > now {
            step.look_again(due);
            return conditions;
        }
        for member in members.iter_mut().filter(|member| differs(member)) {
            put_in_force(member, step, now);
        }
        conditions.in_progress = Change::Remove;
        step.events.push(PodEvent::normal(
            "ResizeCompleted",
            said("Pod resize completed", pod, ""),
        ));
        return conditions;
    }
    if !members.iter().any(differs) {
        if stored(pod, PENDING).is_some() {
            conditions.pending = Change::Remove;
        }
        return conditions;
    }
    match obstacle(pod, around) {
        None => {
            for member in members.iter_mut().filter(|member| differs(member)) {
                member.status.allocated = requests(member.container).cloned();
            }
            conditions.pending = Change::Remove;
            conditions.in_progress = Change::Set {
                reason: "",
                message: String::new(),
            };
            step.look_again(moment::after(now, A_MOMENT));
            step.events.push(PodEvent::normal(
                "ResizeStarted",
                said("Pod resize started", pod, ""),
            ));
        }
        Some((reason, message)) => {
            let before = stored(pod, PENDING);
            let generation = pod.at(&["metadata", "generation"]);
            let is_news = before.is_none_or(|before| {
                before.str("reason") != Some(reason)
                    || before.get("observedGeneration").is_some()
                        && before.get("observedGeneration") != generation
            });
            if is_news {
                let prefix = format!("Pod resize {reason}");
                let event_reason = if reason == "Infeasible" {
                    "ResizeInfeasible"
                } else {
                    "ResizeDeferred"
                };
                step.events.push(PodEvent::warning(
                    event_reason,
                    said(&prefix, pod, &message),
                ));
            }
            if reason == "Deferred" {
                step.waits = true;
                step.look_again(moment::after(now, WAITING_LOOK));
            }
            conditions.pending = Change::Set { reason, message };
        }
    }
    conditions
}

/// Whether a container that has been given resources is asked to have others.
fn differs(member: &Member<'_>) -> bool {
    let empty = Value::object();
    let asked = member.container.get("resources").unwrap_or(&empty);
    let in_force = member.status.resources.as_ref();
    is_resizable(member.role)
        && member.status.is_running()
        && in_force.is_some_and(|in_force| {
            ["requests", "limits"]
                .iter()
                .any(|list| !same_amounts(asked.get(list), in_force.get(list)))
        })
}

fn same_amounts(one: Option<&Value>, other: Option<&Value>) -> bool {
    use crate::node::resources::Resources;
    Resources::from_list(one) == Resources::from_list(other)
}

/// Why the node cannot give what is asked for: never, or not now.
fn obstacle(pod: &Value, around: &Surroundings<'_>) -> Option<(&'static str, String)> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let asked = pod_requests(spec, requests);
    for name in ["cpu", "memory"] {
        let (Some(asked), Some(capacity)) = (asked.get(name), around.node.allocatable.get(name))
        else {
            continue;
        };
        if asked > capacity {
            let [asked, capacity] = [asked, capacity].map(|amount| in_messages(name, amount));
            let message = format!(
                "Node didn't have enough capacity: {name}, requested: {asked}, capacity: {capacity}"
            );
            return Some(("Infeasible", message));
        }
    }
    // What shrinks always fits, even on a node that others have filled.
    let allotted = status::allotted_requests(pod);
    let none = Quantity::from_int(0);
    let grows = asked
        .iter()
        .any(|(name, amount)| amount > allotted.get(name).unwrap_or(&none));
    if !grows {
        return None;
    }
    shortage(&asked, &around.node).map(|(_, message)| ("Deferred", message))
}

/// What was allotted comes into force; a container that wants to be started again for it is.
fn put_in_force(member: &mut Member<'_>, step: &mut Step, now: Timestamp) {
    let asked = member
        .container
        .get("resources")
        .cloned()
        .unwrap_or_else(Value::object);
    let before = member.status.resources.take().unwrap_or_else(Value::object);
    let is_still_asked = same_amounts(asked.get("requests"), member.status.allocated.as_ref());
    let mut resources = if is_still_asked {
        asked
    } else {
        before.clone()
    };
    if let Some(allocated) = &member.status.allocated {
        resources.set("requests", allocated.clone());
    }
    let restarts = member.container.items("resizePolicy").iter().any(|policy| {
        let name = policy.str_or_empty("resourceName");
        let amount = |value: &Value, list: &str| {
            value
                .at(&[list, name])
                .and_then(|amount| Quantity::from_value(amount).ok())
        };
        policy.str("restartPolicy") == Some("RestartContainer")
            && ["requests", "limits"]
                .iter()
                .any(|list| amount(&resources, list) != amount(&before, list))
    });
    member.status.resources = Some(resources);
    if restarts {
        let message = format!("Container {} resize requires restart", member.name());
        step.events
            .push(PodEvent::normal("Killing", message).about(member.list, member.container));
        let finished = Timestamp::from_unix_seconds(now.unix_seconds());
        member.status.end(0, Terminated::reason_of(0), finished);
        member.status.restart_for_resize(finished);
        step.look_again(now);
    }
}

/// What the events of a resize say: the resources of every container, as JSON.
fn said(prefix: &str, pod: &Value, error: &str) -> String {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let mut summary = Value::object();
    for list in ["initContainers", "containers"] {
        let containers: Vec<Value> = spec
            .items(list)
            .iter()
            .filter(|container| {
                list == "containers" || container.str("restartPolicy") == Some("Always")
            })
            .map(|container| {
                let resources = container
                    .get("resources")
                    .cloned()
                    .unwrap_or_else(Value::object);
                Value::from_iter([
                    ("name", Value::from(container.str_or_empty("name"))),
                    ("resources", resources),
                ])
            })
            .collect();
        if !containers.is_empty() {
            summary.set(list, containers);
        }
    }
    let generation = pod.at(&["metadata", "generation"]).and_then(Value::as_i64);
    summary.set("generation", generation.unwrap_or_default());
    if !error.is_empty() {
        summary.set("error", error);
    }
    format!("{prefix}: {}", json::to_string(&summary))
}
