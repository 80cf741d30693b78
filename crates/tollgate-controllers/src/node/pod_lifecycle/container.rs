//! A container as its pod's status tells of it.

use super::stages::State;
use crate::node::moment;
use tollgate_api::{Timestamp, Value};

/// What a container is in its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It runs before the others, in order.
    Init {
        /// Nothing runs before it.
        first: bool,
    },
    /// An init container that goes on: the next starts once it has started.
    Sidecar,
    /// What the pod is for.
    Regular,
    /// Put into a pod that runs, to look around.
    Ephemeral,
}

/// `state` or `lastState` of a container.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Standing {
    Waiting { reason: String, message: String },
    Running { started_at: Timestamp },
    Terminated(Terminated),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Terminated {
    pub(crate) exit_code: i64,
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) container_id: String,
}

/// The status of one container.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ContainerStatus {
    pub(crate) standing: Standing,
    pub(crate) last: Option<Terminated>,
    pub(crate) ready: bool,
    pub(crate) started: bool,
    pub(crate) restart_count: i64,
    pub(crate) image_id: String,
    pub(crate) container_id: String,
    /// Requests as they were allotted, and resources as they are in force.
    pub(crate) allocated: Option<Value>,
    pub(crate) resources: Option<Value>,
    /// As it was read: a status that did not change is written as it was.
    read_from: Value,
}

impl Standing {
    pub(crate) fn waiting(reason: &str, message: impl Into<String>) -> Self {
        Self::Waiting {
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    fn read(state: Option<&Value>) -> Option<Self> {
        let state = state?;
        if let Some(running) = state.get("running") {
            return Some(Self::Running {
                started_at: moment::read(running, "startedAt").unwrap_or_default(),
            });
        }
        if let Some(terminated) = state.get("terminated") {
            return Some(Self::Terminated(Terminated::read(terminated)));
        }
        let waiting = state.get("waiting")?;
        Some(Self::waiting(
            waiting.str_or_empty("reason"),
            waiting.str_or_empty("message"),
        ))
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Waiting { reason, message } => {
                let mut waiting = Value::from_iter([("reason", reason.as_str())]);
                if !message.is_empty() {
                    waiting.set("message", message.as_str());
                }
                Value::from_iter([("waiting", waiting)])
            }
            Self::Running { started_at } => {
                let running = Value::from_iter([("startedAt", moment::to_value(*started_at))]);
                Value::from_iter([("running", running)])
            }
            Self::Terminated(terminated) => terminated.to_value(),
        }
    }
}

impl Terminated {
    fn read(terminated: &Value) -> Self {
        Self {
            exit_code: terminated.int("exitCode").unwrap_or_default(),
            reason: terminated.str_or_empty("reason").to_owned(),
            message: terminated.str_or_empty("message").to_owned(),
            started_at: moment::read(terminated, "startedAt"),
            finished_at: moment::read(terminated, "finishedAt"),
            container_id: terminated.str_or_empty("containerID").to_owned(),
        }
    }

    fn to_value(&self) -> Value {
        let mut inner = Value::from_iter([("exitCode", self.exit_code)]);
        for (key, text) in [("reason", &self.reason), ("message", &self.message)] {
            if !text.is_empty() {
                inner.set(key, text.as_str());
            }
        }
        for (key, time) in [
            ("startedAt", self.started_at),
            ("finishedAt", self.finished_at),
        ] {
            inner.set(key, time.map(moment::to_value));
        }
        if !self.container_id.is_empty() {
            inner.set("containerID", self.container_id.as_str());
        }
        Value::from_iter([("terminated", inner)])
    }

    /// How the runtime names the end of a container by its code.
    pub(crate) fn reason_of(exit_code: i64) -> &'static str {
        if exit_code == 0 { "Completed" } else { "Error" }
    }
}

impl ContainerStatus {
    /// The status of a container that has not been made.
    pub(crate) fn new(reason: &str) -> Self {
        Self {
            standing: Standing::waiting(reason, ""),
            last: None,
            ready: false,
            started: false,
            restart_count: 0,
            image_id: String::new(),
            container_id: String::new(),
            allocated: None,
            resources: None,
            read_from: Value::Null,
        }
    }

    pub(crate) fn read(status: &Value) -> Self {
        let standing = Standing::read(status.get("state"));
        let last = match Standing::read(status.get("lastState")) {
            Some(Standing::Terminated(last)) => Some(last),
            _ => None,
        };
        Self {
            standing: standing.unwrap_or_else(|| Standing::waiting("ContainerCreating", "")),
            last,
            ready: status.bool("ready") == Some(true),
            started: status.bool("started") == Some(true),
            restart_count: status.int("restartCount").unwrap_or_default(),
            image_id: status.str_or_empty("imageID").to_owned(),
            container_id: status.str_or_empty("containerID").to_owned(),
            allocated: status.get("allocatedResources").cloned(),
            resources: status.get("resources").cloned(),
            read_from: status.clone(),
        }
    }

    /// As the status of a pod holds it.
    pub(crate) fn to_value(&self, container: &Value) -> Value {
        let mut status = match &self.read_from {
            Value::Null => Value::from_iter([("name", container.str_or_empty("name"))]),
            read => read.clone(),
        };
        status.set("state", self.standing.to_value());
        let last = self.last.as_ref().map(Terminated::to_value);
        status.set("lastState", last.unwrap_or_else(Value::object));
        status.set("ready", self.ready);
        status.set("restartCount", self.restart_count);
        status.set("image", container.str_or_empty("image"));
        status.set("imageID", self.image_id.as_str());
        if !self.container_id.is_empty() {
            status.set("containerID", self.container_id.as_str());
        }
        status.set("started", self.started);
        for (key, value) in [
            ("allocatedResources", &self.allocated),
            ("resources", &self.resources),
        ] {
            match value {
                Some(value) => status.set(key, value.clone()),
                None => drop(status.remove(key)),
            }
        }
        status
    }

    /// Where it stands in the table of stages.
    pub(crate) fn state(&self) -> State {
        match &self.standing {
            Standing::Terminated(_) => State::Exited,
            Standing::Running { .. } if self.ready => State::Ready,
            Standing::Running { .. } if self.started => State::Started,
            Standing::Running { .. } => State::Running,
            Standing::Waiting { reason, .. } => match reason.as_str() {
                "ErrImagePull" => State::PullFailed,
                "ImagePullBackOff" => State::PullBackOff,
                "CreateContainerConfigError" => State::ConfigError,
                "CrashLoopBackOff" => State::CrashLoopBackOff,
                _ => State::Waiting,
            },
        }
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.standing, Standing::Running { .. })
    }

    /// How it ended: now, or before what it waits for.
    pub(crate) fn ended(&self) -> Option<&Terminated> {
        match &self.standing {
            Standing::Terminated(terminated) => Some(terminated),
            Standing::Waiting { .. } => self.last.as_ref(),
            Standing::Running { .. } => None,
        }
    }

    /// Since when it runs.
    pub(crate) fn started_at(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::Running { started_at } => Some(started_at),
            _ => None,
        }
    }

    /// It has ended.
    pub(crate) fn end(&mut self, exit_code: i64, reason: &str, now: Timestamp) {
        self.standing = Standing::Terminated(Terminated {
            exit_code,
            reason: reason.to_owned(),
            message: String::new(),
            started_at: self.started_at(),
            finished_at: Some(now),
            container_id: self.container_id.clone(),
        });
        self.ready = false;
        self.started = false;
    }

    /// It runs again, ended and started anew for its resources: the policy of restarts is not asked.
    pub(crate) fn restart_for_resize(&mut self, now: Timestamp) {
        if let Standing::Terminated(ended) = &self.standing {
            self.last = Some(ended.clone());
            self.restart_count = self.restart_count.saturating_add(1);
            self.standing = Standing::Running { started_at: now };
        }
    }
}
