//! Pods: how many containers are ready and one word for the state of all.

use crate::table::RowCondition;
use crate::table::age;
use crate::table::text::{self, NONE, at_or, count_of, int_at, is_deleted, items_at, name, str_at};
use tollgate_api::{Timestamp, Value};

const SUCCEEDED: &[RowCondition] = &[RowCondition {
    kind: "Completed",
    reason: "Succeeded",
    message: "The pod has completed successfully.",
}];

const FAILED: &[RowCondition] = &[RowCondition {
    kind: "Completed",
    reason: "Failed",
    message: "The pod failed.",
}];

/// Whether the pod is over.
pub(in crate::table) fn conditions(pod: &Value) -> &'static [RowCondition] {
    match str_at(pod, &["status", "phase"]) {
        "Succeeded" => SUCCEEDED,
        "Failed" => FAILED,
        _ => &[],
    }
}

pub(super) fn pod(pod: &Value, now: Timestamp) -> Vec<Value> {
    let summary = Summary::of(pod);
    let ips = items_at(pod, &["status", "podIPs"]);
    let ip = match ips.first() {
        Some(first) => first.str_or_empty("ip"),
        None => str_at(pod, &["status", "podIP"]),
    };
    vec![
        name(pod),
        format!("{}/{}", summary.ready, summary.total).into(),
        summary.reason.as_str().into(),
        summary.restarts.print(now).into(),
        text::age(pod, now),
        if ip.is_empty() { NONE } else { ip }.into(),
        at_or(pod, &["spec", "nodeName"], NONE),
        at_or(pod, &["status", "nominatedNodeName"], NONE),
        readiness_gates(pod).into(),
    ]
}

fn readiness_gates(pod: &Value) -> String {
    let gates = items_at(pod, &["spec", "readinessGates"]);
    if gates.is_empty() {
        return NONE.to_owned();
    }
    let open = gates
        .iter()
        .filter(|gate| text::is_true(pod, gate.str_or_empty("conditionType")));
    format!("{}/{}", open.count(), gates.len())
}

/// How often containers were restarted, and when the last of them had ended.
#[derive(Debug, Clone, Copy, Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, status: &Value) {
        self.count = self.count.saturating_add(int_at(status, &["restartCount"]));
        let ended = str_at(status, &["lastState", "terminated", "finishedAt"]);
        self.last = self.last.max(Timestamp::parse(ended));
    }

    fn print(self, now: Timestamp) -> String {
        match self.last {
            Some(last) if self.count != 0 => {
                format!("{} ({} ago)", self.count, age::since_time(Some(last), now))
            }
            _ => self.count.to_string(),
        }
    }
}

struct Summary {
    ready: i64,
    total: i64,
    restarts: Restarts,
    reason: String,
}

impl Summary {
    fn of(pod: &Value) -> Self {
        let init = items_at(pod, &["spec", "initContainers"]);
        let sidecars = init
            .iter()
            .filter(|container| is_sidecar(container))
            .count();
        let mut summary = Self {
            ready: 0,
            total: count_of(items_at(pod, &["spec", "containers"]).len() + sidecars),
            restarts: Restarts::default(),
            reason: first_reason(pod),
        };
        let mut of_sidecars = Restarts::default();
        let initializing = summary.init_containers(pod, init, &mut of_sidecars);
        if !initializing || text::is_true(pod, "Initialized") {
            summary.restarts = of_sidecars;
            summary.containers(pod);
        }
        let phase = str_at(pod, &["status", "phase"]);
        if is_deleted(pod) {
            if str_at(pod, &["status", "reason"]) == "NodeLost" {
                "Unknown".clone_into(&mut summary.reason);
            } else if !matches!(phase, "Succeeded" | "Failed") {
                "Terminating".clone_into(&mut summary.reason);
            }
        }
        summary
    }

    /// Looks at init containers up to the first that is not done; whether there is one.
    fn init_containers(&mut self, pod: &Value, init: &[Value], of_sidecars: &mut Restarts) -> bool {
        let statuses = items_at(pod, &["status", "initContainerStatuses"]);
        for (index, status) in statuses.iter().enumerate() {
            let name = status.str_or_empty("name");
            let is_sidecar = init
                .iter()
                .any(|container| container.str_or_empty("name") == name && is_sidecar(container));
            self.restarts.add(status);
            if is_sidecar {
                of_sidecars.add(status);
            }
            let terminated = status.at(&["state", "terminated"]);
            let waiting = str_at(status, &["state", "waiting", "reason"]);
            if terminated.is_some_and(|terminated| int_at(terminated, &["exitCode"]) == 0) {
                continue;
            }
            if is_sidecar && status.bool("started") == Some(true) {
                self.ready += i64::from(status.bool("ready") == Some(true));
                continue;
            }
            self.reason = match terminated {
                Some(terminated) => format!("Init:{}", end_of(terminated)),
                None if !waiting.is_empty() && waiting != "PodInitializing" => {
                    format!("Init:{waiting}")
                }
                None => format!("Init:{index}/{}", init.len()),
            };
            return true;
        }
        false
    }

    /// The first container that has something to say gives the reason.
    fn containers(&mut self, pod: &Value) {
        let mut has_running = false;
        for status in items_at(pod, &["status", "containerStatuses"]).iter().rev() {
            self.restarts.add(status);
            let waiting = str_at(status, &["state", "waiting", "reason"]);
            if !waiting.is_empty() {
                waiting.clone_into(&mut self.reason);
            } else if let Some(terminated) = status.at(&["state", "terminated"]) {
                self.reason = end_of(terminated);
            } else if status.bool("ready") == Some(true)
                && status.at(&["state", "running"]).is_some()
            {
                has_running = true;
                self.ready += 1;
            }
        }
        // One container is done, another runs.
        if self.reason == "Completed" && has_running {
            let ready = text::is_true(pod, "Ready");
            let reason = if ready { "Running" } else { "NotReady" };
            reason.clone_into(&mut self.reason);
        }
    }
}

fn first_reason(pod: &Value) -> String {
    let gated = items_at(pod, &["status", "conditions"])
        .iter()
        .any(|condition| {
            condition.str_or_empty("type") == "PodScheduled"
                && condition.str_or_empty("reason") == "SchedulingGated"
        });
    if gated {
        return "SchedulingGated".to_owned();
    }
    match str_at(pod, &["status", "reason"]) {
        "" => str_at(pod, &["status", "phase"]).to_owned(),
        reason => reason.to_owned(),
    }
}

/// An init container that goes on running beside the others.
fn is_sidecar(container: &Value) -> bool {
    container.str("restartPolicy") == Some("Always")
}

/// How a container ended.
fn end_of(terminated: &Value) -> String {
    let signal = int_at(terminated, &["signal"]);
    match terminated.str_or_empty("reason") {
        "" if signal != 0 => format!("Signal:{signal}"),
        "" => format!("ExitCode:{}", int_at(terminated, &["exitCode"])),
        reason => reason.to_owned(),
    }
}
