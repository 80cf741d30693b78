//! The conditions of a pod that its kubelet keeps.

use super::container::{Role, Standing};
use super::member::Member;
use crate::conditions::{self, OfPod};
use tollgate_api::{Timestamp, Value};

/// The conditions that are the kubelet's, in the order in which it writes them.
const OURS: &[&str] = &[
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];

/// What one condition says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Says {
    pub(crate) is_true: bool,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Says {
    const TRUE: Self = Self {
        is_true: true,
        reason: "",
        message: String::new(),
    };

    fn not(reason: &'static str, message: String) -> Self {
        Self {
            is_true: false,
            reason,
            message,
        }
    }
}

/// What the conditions follow from.
#[derive(Debug)]
pub(crate) struct Basis<'b, 'p> {
    pub(crate) pod: &'p Value,
    pub(crate) members: &'b [Member<'p>],
    pub(crate) phase: &'b str,
    /// Whether the pod's sandbox stands.
    pub(crate) has_sandbox: bool,
    /// The generation that is stated, in releases that state one.
    pub(crate) generation: Option<i64>,
    /// Whether the release has the condition of the sandbox.
    pub(crate) states_sandbox: bool,
}

impl Basis<'_, '_> {
    /// The conditions of a pod, made from those that are stored.
    pub(crate) fn conditions(&self, stored: &[Value], now: Timestamp) -> Vec<Value> {
        let containers_ready = self.containers_ready();
        let ready = self.ready(&containers_ready, stored);
        let sandbox = Says {
            is_true: self.has_sandbox,
            ..Says::default()
        };
        let mut conditions = Vec::with_capacity(OURS.len().saturating_add(1));
        let said = [
            sandbox,
            self.initialized(),
            ready,
            containers_ready,
            Says::TRUE,
        ];
        for (kind, says) in OURS.iter().zip(said) {
            if *kind != "PodReadyToStartContainers" || self.states_sandbox {
                conditions.push(self.condition(kind, &says, stored, now));
            }
        }
        let others = stored
            .iter()
            .filter(|other| !OURS.contains(&other.str_or_empty("type")));
        conditions.extend(others.cloned());
        conditions
    }

    fn condition(&self, kind: &str, says: &Says, stored: &[Value], now: Timestamp) -> Value {
        let status = if says.is_true { "True" } else { "False" };
        let condition = OfPod {
            condition_type: kind,
            status,
            reason: says.reason,
            message: &says.message,
            generation: self.generation,
        };
        condition.to_value(conditions::find(stored, kind), now)
    }

    fn initialized(&self) -> Says {
        if self.phase == "Succeeded" {
            return Says {
                reason: "PodCompleted",
                ..Says::TRUE
            };
        }
        let has_begun = |member: &Member<'_>| {
            member.role == Role::Regular
                && (member.status.started
                    || member.status.ended().is_some()
                    || member.status.is_running())
        };
        if self.members.iter().any(has_begun) {
            return Says::TRUE;
        }
        let incomplete: Vec<&str> = self
            .members
            .iter()
            .filter(|member| match member.role {
                Role::Init { .. } => !matches!(&member.status.standing, Standing::Terminated(ended) if ended.exit_code == 0),
                Role::Sidecar => !member.status.started,
                Role::Regular | Role::Ephemeral => false,
            })
            .map(Member::name)
            .collect();
        if incomplete.is_empty() {
            return Says::TRUE;
        }
        let message = format!(
            "containers with incomplete status: [{}]",
            incomplete.join(" ")
        );
        Says::not("ContainersNotInitialized", message)
    }

    fn containers_ready(&self) -> Says {
        match self.phase {
            "Succeeded" => return Says::not("PodCompleted", String::new()),
            "Failed" => return Says::not("PodFailed", String::new()),
            _ => {}
        }
        let unready: Vec<&str> = self
            .members
            .iter()
            .filter(|member| matches!(member.role, Role::Sidecar | Role::Regular))
            .filter(|member| !member.status.ready)
            .map(Member::name)
            .collect();
        if unready.is_empty() {
            return Says::TRUE;
        }
        let message = format!("containers with unready status: [{}]", unready.join(" "));
        Says::not("ContainersNotReady", message)
    }

    fn ready(&self, containers_ready: &Says, stored: &[Value]) -> Says {
        if !containers_ready.is_true {
            return containers_ready.clone();
        }
        let gates = self
            .pod
            .get("spec")
            .map_or(&[][..], |spec| spec.items("readinessGates"));
        let unready: Vec<String> = gates
            .iter()
            .filter_map(|gate| {
                let kind = gate.str_or_empty("conditionType");
                let condition = stored
                    .iter()
                    .find(|condition| condition.str("type") == Some(kind));
                match condition.map(|condition| condition.str_or_empty("status")) {
                    Some("True") => None,
                    Some(status) => Some(format!(
                        "the status of pod readiness gate \"{kind}\" is not \"True\", but {status}"
                    )),
                    None => Some(format!(
                        "corresponding condition of pod readiness gate \"{kind}\" does not exist."
                    )),
                }
            })
            .collect();
        if unready.is_empty() {
            return Says::TRUE;
        }
        Says::not("ReadinessGatesNotReady", unready.join(", "))
    }
}
