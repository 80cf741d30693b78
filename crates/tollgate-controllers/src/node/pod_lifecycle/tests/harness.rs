//! A pod on a node, taken through time.

use crate::node::moment;
use crate::node::pod_lifecycle::{
    Memory, NodeFacts, PodEvent, Source, Sources, Step, Surroundings, step,
};
use crate::node::resources::Resources;
use crate::scheduler::pod::HostPort;
use std::collections::BTreeMap;
use tollgate_api::json::from_str;
use tollgate_api::{Release, Timestamp, Value};

pub(super) const START: Timestamp = Timestamp::from_unix_seconds(1_768_478_400);

/// Which ConfigMaps (`c/name`) and Secrets (`s/name`) there are, with their keys.
#[derive(Debug, Default, Clone)]
pub(super) struct Known(pub(super) BTreeMap<String, Vec<String>>);

impl Sources for Known {
    fn keys(&self, source: Source, name: &str) -> Option<Vec<String>> {
        let kind = if source == Source::ConfigMap {
            "c"
        } else {
            "s"
        };
        self.0.get(&format!("{kind}/{name}")).cloned()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) pod: Value,
    pub(super) sources: Known,
    pub(super) node: Value,
    pub(super) allocatable: Resources,
    pub(super) used: Resources,
    pub(super) pods: usize,
    pub(super) host_ports: Vec<HostPort>,
    pub(super) release: Release,
    pub(super) now: Timestamp,
    pub(super) events: Vec<PodEvent>,
    pub(super) deleted: bool,
    pub(super) waits: bool,
    memory: Memory,
}

impl Life {
    pub(super) fn of(annotations: &str, spec: &str) -> Self {
        let text = format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","namespace":"ns","uid":"u1","generation":1,
            "annotations":{annotations}}},"spec":{spec},"status":{{"phase":"Pending","qosClass":"BestEffort",
            "conditions":[{{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-15T11:59:59Z"}}]}}}}"#
        );
        let resources = r#"{"cpu":"4","memory":"8Gi","pods":"110","ephemeral-storage":"100Gi"}"#;
        Self {
            pod: from_str(&text).unwrap(),
            sources: Known::default(),
            node: from_str(r#"{"metadata":{"name":"node-0","labels":{"disk":"ssd"}},"spec":{}}"#)
                .unwrap(),
            allocatable: Resources::from_list(Some(&from_str(resources).unwrap())),
            used: Resources::default(),
            pods: 0,
            host_ports: Vec::new(),
            release: Release::minor(36),
            now: START,
            events: Vec::new(),
            deleted: false,
            waits: false,
            memory: Memory::default(),
        }
    }

    pub(super) fn step(&mut self) -> Step {
        let around = Surroundings {
            node: NodeFacts {
                ip: "172.16.0.2",
                node: &self.node,
                allocatable: &self.allocatable,
                used: &self.used,
                pods: self.pods,
                host_ports: &self.host_ports,
            },
            pod_ip: Some("10.128.0.2".to_owned()),
            sources: &self.sources,
            release: self.release,
        };
        step(&self.pod, &around, &mut self.memory, self.now)
    }

    /// Takes steps until nothing changes before that many seconds have passed; what was written, when.
    pub(super) fn until(&mut self, seconds: i64) -> Vec<(i64, String)> {
        let end = START.saturating_add_seconds(seconds);
        let mut seen = Vec::new();
        while !self.deleted {
            let step = self.step();
            self.waits = step.waits;
            self.events.extend(step.events);
            if let Some(status) = step.status {
                self.pod.set("status", status);
                let since = moment::millis_between(START, self.now) / 1_000;
                seen.push((since, shown(&self.pod)));
                self.deleted = step.delete;
                continue;
            }
            self.deleted = step.delete;
            match step.again_at.filter(|next| *next <= end) {
                Some(next) => {
                    assert!(next > self.now, "it would be looked at again and again");
                    self.now = next;
                }
                None => break,
            }
        }
        if !self.deleted {
            self.now = end;
        }
        seen
    }

    #[track_caller]
    pub(super) fn shows(&mut self, seconds: i64, expected: &[(i64, &str)]) {
        let seen = self.until(seconds);
        let seen: Vec<(i64, &str)> = seen.iter().map(|(at, text)| (*at, text.as_str())).collect();
        assert_eq!(seen, expected);
    }

    pub(super) fn delete(&mut self, grace: i64) {
        let gone = self.now.saturating_add_seconds(grace);
        let metadata = self.pod.child_mut("metadata");
        metadata.set("deletionTimestamp", gone.to_string());
        metadata.set("deletionGracePeriodSeconds", grace);
    }

    pub(super) fn told(&self) -> Vec<String> {
        let about = |event: &PodEvent| match event.field_path.as_str() {
            "" => String::new(),
            path => format!("{path} "),
        };
        self.events
            .iter()
            .map(|event| {
                format!(
                    "{} {} {}{}",
                    event.event_type.as_str(),
                    event.reason,
                    about(event),
                    event.message
                )
            })
            .collect()
    }

    pub(super) fn condition(&self, kind: &str) -> String {
        let status = self.pod.get("status").unwrap();
        let found = status
            .items("conditions")
            .iter()
            .find(|one| one.str("type") == Some(kind));
        found.map_or_else(
            || "none".to_owned(),
            |one| {
                format!(
                    "{} {} {}",
                    one.str_or_empty("status"),
                    one.str_or_empty("reason"),
                    one.str_or_empty("message")
                )
            },
        )
    }
}

/// The columns READY, STATUS and RESTARTS.
pub(super) fn shown(pod: &Value) -> String {
    let status = pod.get("status").unwrap();
    let spec = pod.get("spec").unwrap();
    let mut reason = status
        .str("reason")
        .unwrap_or(status.str_or_empty("phase"))
        .to_owned();
    let statuses = status.items("containerStatuses");
    let inits = status.items("initContainerStatuses");
    let state_reason = |one: &Value| {
        let state = one.get("state").unwrap();
        let waiting = state
            .get("waiting")
            .map(|waiting| waiting.str_or_empty("reason").to_owned());
        waiting.or_else(|| {
            let terminated = state.get("terminated")?;
            Some(terminated.str_or_empty("reason").to_owned())
        })
    };
    let is_done = |init: &&Value| {
        let ended = init
            .at(&["state", "terminated"])
            .and_then(|ended| ended.int("exitCode"));
        let of_spec = spec
            .items("initContainers")
            .iter()
            .find(|one| one.get("name") == init.get("name"));
        let is_sidecar = of_spec.unwrap().str("restartPolicy") == Some("Always");
        ended == Some(0) || is_sidecar && init.bool("started") == Some(true)
    };
    let pending_init = inits.iter().position(|init| !is_done(&init));
    if let Some(place) = pending_init {
        let detail = state_reason(&inits[place]).filter(|reason| reason != "PodInitializing");
        reason = match detail {
            Some(detail) => format!("Init:{detail}"),
            None => format!("Init:{place}/{}", inits.len()),
        };
    } else if let Some(state) = statuses.iter().rev().find_map(state_reason)
        && status.str("reason").is_none()
    {
        reason = state;
    }
    let ready = statuses
        .iter()
        .filter(|one| one.bool("ready") == Some(true))
        .count();
    let restarts: i64 = statuses
        .iter()
        .chain(inits)
        .map(|one| one.int("restartCount").unwrap())
        .sum();
    let restarts = if restarts > 0 {
        format!(" r{restarts}")
    } else {
        String::new()
    };
    let phase = status.str_or_empty("phase");
    format!(
        "{ready}/{} {reason} ({phase}){restarts}",
        spec.items("containers").len()
    )
}
