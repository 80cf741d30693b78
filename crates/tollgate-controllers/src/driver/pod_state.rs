//! What controllers ask of a pod, read once when it changes.

use tollgate_api::value::CompactString;
use tollgate_api::{Timestamp, Value, daemon_pod};

/// The annotation that says which pods of a set are to go first.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// `status.phase`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Not all containers have started.
    #[default]
    Pending,
    /// Nobody knows.
    Unknown,
    /// Containers run.
    Running,
    /// All containers have ended well.
    Succeeded,
    /// All containers have ended, one of them badly.
    Failed,
}

impl Phase {
    /// The phase that is spelt so; anything else is pending.
    pub fn parse(text: &str) -> Self {
        match text {
            "Running" => Self::Running,
            "Succeeded" => Self::Succeeded,
            "Failed" => Self::Failed,
            "Unknown" => Self::Unknown,
            _ => Self::Pending,
        }
    }

    /// Whether nothing runs any more.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What controllers ask of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodState {
    /// The phase.
    pub phase: Phase,
    /// The node it is on, or empty.
    pub node: CompactString,
    /// The node it is on, or the one that its affinity binds it to, or empty.
    pub target: CompactString,
    /// Since when it is ready, if it is.
    pub ready_since: Option<Timestamp>,
    /// How often containers were started again: the most of any container.
    pub restarts: i64,
    /// How often all its containers together were started again, those of its beginning among them.
    pub restarts_of_all: i64,
    /// Those with less go first when a set shrinks.
    pub deletion_cost: i64,
    /// Since when it is said to be going to be disrupted, if it is.
    pub disrupted_since: Option<Timestamp>,
    /// Its address, or empty.
    pub address: CompactString,
}

impl PodState {
    /// Reads a pod.
    pub fn of(pod: &Value) -> Self {
        let status = pod.get("status").unwrap_or(&Value::Null);
        let since = |kind| {
            let held = condition(status, kind).filter(|one| one.str("status") == Some("True"))?;
            let since = held.str("lastTransitionTime").and_then(Timestamp::parse);
            Some(since.unwrap_or_default())
        };
        let containers = status.items("containerStatuses").iter();
        let annotations = pod.at(&["metadata", "annotations"]);
        let cost = annotations.and_then(|annotations| annotations.str(DELETION_COST));
        let node = pod.at(&["spec", "nodeName"]).and_then(Value::as_str);
        let node = node.unwrap_or_default();
        Self {
            phase: Phase::parse(status.str_or_empty("phase")),
            node: node.into(),
            target: if node.is_empty() {
                let bound = pod.get("spec").and_then(daemon_pod::bound_to);
                bound.unwrap_or_default().into()
            } else {
                node.into()
            },
            ready_since: since("Ready"),
            disrupted_since: since("DisruptionTarget"),
            restarts: containers
                .filter_map(|status| status.int("restartCount"))
                .max()
                .unwrap_or_default(),
            restarts_of_all: ["initContainerStatuses", "containerStatuses"]
                .iter()
                .flat_map(|list| status.items(list))
                .filter_map(|status| status.int("restartCount"))
                .fold(0, i64::saturating_add),
            deletion_cost: cost.and_then(|cost| cost.parse().ok()).unwrap_or_default(),
            address: status.str_or_empty("podIP").into(),
        }
    }

    /// Whether it is ready.
    pub const fn is_ready(&self) -> bool {
        self.ready_since.is_some()
    }

    /// Whether it has been ready for that long.
    pub fn is_available(&self, min_ready_seconds: i64, now: Timestamp) -> bool {
        self.ready_since
            .is_some_and(|since| since.saturating_add_seconds(min_ready_seconds) <= now)
    }
}

/// The condition of a type in a status.
pub fn condition<'v>(status: &'v Value, condition_type: &str) -> Option<&'v Value> {
    let mut conditions = status.items("conditions").iter();
    conditions.find(|condition| condition.str("type") == Some(condition_type))
}
