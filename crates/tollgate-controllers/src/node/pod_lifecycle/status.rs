//! Puts the status of a pod together.

use super::conditions::Basis;
use super::container::Role;
use super::member::Member;
use super::resize;
use super::stages::State;
use super::{Surroundings, phase};
use crate::node::moment;
use crate::node::resources::{Resources, pod_requests, requests};
use tollgate_api::{Release, Timestamp, Value, qos};

/// Releases that introduced parts of the status that are on by default from then on.
const STATES_SANDBOX: Release = Release::minor(29);
const STATES_HOST_IPS: Release = Release::minor(29);
const STATES_VOLUME_MOUNTS: Release = Release::minor(31);
const STATES_RESOURCES: Release = Release::minor(33);
const STATES_GENERATION: Release = Release::minor(34);

/// The generation that a status says it is of, if the release says so.
pub(crate) fn generation(pod: &Value, around: &Surroundings<'_>) -> Option<i64> {
    let generation = pod.at(&["metadata", "generation"]).and_then(Value::as_i64);
    generation.filter(|_| around.release >= STATES_GENERATION)
}

/// The status of a pod whose containers stand so.
pub(crate) fn build(
    pod: &Value,
    around: &Surroundings<'_>,
    members: &[Member<'_>],
    phase: &str,
    resize: &resize::Conditions,
    now: Timestamp,
) -> Value {
    let mut status = pod.get("status").cloned().unwrap_or_else(Value::object);
    let generation = generation(pod, around);
    if let Some(generation) = generation {
        status.set("observedGeneration", generation);
    }
    status.set("phase", phase);
    let is_over = matches!(phase, "Succeeded" | "Failed");
    let has_sandbox = members
        .iter()
        .any(|member| member.status.state() != State::Waiting);
    let basis = Basis {
        pod,
        members,
        phase,
        has_sandbox: has_sandbox && !is_over,
        generation,
        states_sandbox: around.release >= STATES_SANDBOX,
    };
    let conditions = basis.conditions(status.items("conditions"), now);
    status.set("conditions", resize.apply(conditions, generation, now));
    set_addresses(&mut status, pod, around, has_sandbox);
    if status.get("startTime").is_none() {
        status.set("startTime", moment::to_value(now));
    }
    set_containers(&mut status, members, around.release);
    status.set_default("qosClass", || {
        qos::class_of(pod).map_or("BestEffort", qos::QosClass::as_str)
    });
    status
}

fn set_addresses(status: &mut Value, pod: &Value, around: &Surroundings<'_>, has_sandbox: bool) {
    let on_host = pod.get("spec").and_then(|spec| spec.bool("hostNetwork")) == Some(true);
    let listed = |ip: &str| vec![Value::from_iter([("ip", ip)])];
    let host_ip = around.node.ip;
    status.set("hostIP", host_ip);
    if around.release >= STATES_HOST_IPS {
        status.set("hostIPs", listed(host_ip));
    }
    let pod_ip = if on_host {
        Some(host_ip)
    } else {
        around.pod_ip.as_deref().filter(|_| has_sandbox)
    };
    if let Some(pod_ip) = pod_ip {
        status.set("podIP", pod_ip);
        status.set("podIPs", listed(pod_ip));
    }
}

fn set_containers(status: &mut Value, members: &[Member<'_>], release: Release) {
    let lists = [
        ("initContainerStatuses", "initContainers"),
        ("containerStatuses", "containers"),
        ("ephemeralContainerStatuses", "ephemeralContainers"),
    ];
    for (field, list) in lists {
        let statuses: Vec<Value> = members
            .iter()
            .filter(|member| member.list == list)
            .map(|member| container_status(member, release))
            .collect();
        if !statuses.is_empty() {
            status.set(field, statuses);
        }
    }
}

fn container_status(member: &Member<'_>, release: Release) -> Value {
    let mut status = member.status.to_value(member.container);
    if release < STATES_RESOURCES {
        status.remove("allocatedResources");
        status.remove("resources");
    }
    let mounts = member.container.items("volumeMounts");
    if release >= STATES_VOLUME_MOUNTS && !mounts.is_empty() {
        let mounts: Vec<Value> = mounts.iter().map(mount_status).collect();
        status.set("volumeMounts", mounts);
    }
    status
}

fn mount_status(mount: &Value) -> Value {
    let mut status = Value::from_iter([
        ("name", mount.str_or_empty("name")),
        ("mountPath", mount.str_or_empty("mountPath")),
    ]);
    if mount.bool("readOnly") == Some(true) {
        status.set("readOnly", true);
        let recursive = match mount.str("recursiveReadOnly") {
            Some("Enabled" | "IfPossible") => "Enabled",
            _ => "Disabled",
        };
        status.set("recursiveReadOnly", recursive);
    }
    status
}

/// Whether the kubelet has taken a pod that is bound to its node.
pub(crate) fn is_admitted(pod: &Value) -> bool {
    pod.at(&["status", "startTime"]).is_some()
}

/// Whether a pod counts on its node: it was taken and has not ended.
pub(crate) fn is_active(pod: &Value) -> bool {
    is_admitted(pod) && !phase::is_terminal(pod)
}

/// What a pod has been allotted of its node: what its status says of containers that run, what its spec requests of
/// the others; nothing once it has ended.
pub(crate) fn allotted_requests(pod: &Value) -> Resources {
    if phase::is_terminal(pod) {
        return Resources::default();
    }
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let status = pod.get("status").unwrap_or(&Value::Null);
    pod_requests(spec, |container| {
        let lists = ["containerStatuses", "initContainerStatuses"];
        let mut known = lists.iter().flat_map(|list| status.items(list));
        let known = known.find(|known| known.get("name") == container.get("name"));
        known
            .and_then(|known| known.get("allocatedResources"))
            .or_else(|| requests(container))
    })
}

/// Whether a container can be given other resources while it runs.
pub(crate) fn is_resizable(role: Role) -> bool {
    matches!(role, Role::Regular | Role::Sidecar)
}
