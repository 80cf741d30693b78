//! Which container on which node a request into a pod is about, and what its status says before anybody asks the node.

use super::connect::find;
use crate::error;
use crate::verbs::Call;
use tollgate_api::go_format::{list, quote};
use tollgate_api::node_agent::{AgentError, ContainerTarget, LogOptions, PodTarget};
use tollgate_api::status::{Details, Reason};
use tollgate_api::{Status, Value};

/// The lists of a pod's containers, and those of their statuses.
const CONTAINER_LISTS: [(&str, &str); 3] = [
    ("containers", "containerStatuses"),
    ("initContainers", "initContainerStatuses"),
    ("ephemeralContainers", "ephemeralContainerStatuses"),
];

/// A pod that is on a node.
#[derive(Debug)]
pub struct PlacedPod {
    namespace: String,
    pod: Value,
    /// The container that is meant; empty where none is.
    container: String,
}

impl PlacedPod {
    /// The pod as an agent is told of it.
    pub fn pod(&self) -> PodTarget<'_> {
        PodTarget {
            node: node_name(&self.pod),
            namespace: &self.namespace,
            pod: &self.pod,
        }
    }

    /// The container as an agent is told of it.
    pub fn container(&self) -> ContainerTarget<'_> {
        ContainerTarget {
            pod: self.pod(),
            container: &self.container,
        }
    }

    /// The whole pod.
    pub fn object(&self) -> &Value {
        &self.pod
    }

    fn name(&self) -> &str {
        metadata(&self.pod, "name")
    }
}

fn metadata<'p>(pod: &'p Value, key: &str) -> &'p str {
    let value = pod.at(&["metadata", key]).and_then(Value::as_str);
    value.unwrap_or_default()
}

fn node_name(pod: &Value) -> &str {
    let value = pod.at(&["spec", "nodeName"]).and_then(Value::as_str);
    value.unwrap_or_default()
}

/// The pod of the request and its container; none if it is on no node yet.
///
/// `wanted` is the container's name, or empty: then the pod must have one alone.
pub fn container(call: &Call<'_>, wanted: &str) -> Result<Option<PlacedPod>, Status> {
    let snapshot = call.api.store.snapshot();
    let pod = find(&snapshot, "pods", call.namespace, call.name)?;
    let container = choose(&pod, call.name, wanted)?;
    placed(call, pod, container)
}

/// The pod of the request, for what is about all of it.
pub fn pod(call: &Call<'_>, name: &str) -> Result<Option<PlacedPod>, Status> {
    let snapshot = call.api.store.snapshot();
    let pod = find(&snapshot, "pods", call.namespace, name)?;
    placed(call, pod, String::new())
}

/// A pod that must be on a node by now.
pub fn demand_host(found: Option<PlacedPod>, name: &str) -> Result<PlacedPod, Status> {
    found.ok_or_else(|| Status::bad_request(format!("pod {name} does not have a host assigned")))
}

fn placed(call: &Call<'_>, pod: Value, container: String) -> Result<Option<PlacedPod>, Status> {
    let node = node_name(&pod);
    if node.is_empty() {
        return Ok(None);
    }
    // A node that is not there has no address.
    find(&call.api.store.snapshot(), "nodes", "", node)?;
    Ok(Some(PlacedPod {
        namespace: call.namespace.to_owned(),
        pod,
        container,
    }))
}

fn choose(pod: &Value, name: &str, wanted: &str) -> Result<String, Status> {
    let names = |key: &str| -> Vec<&str> {
        let spec = pod.get("spec").unwrap_or(&Value::Null);
        let containers = spec.items(key).iter();
        containers.filter_map(|known| known.str("name")).collect()
    };
    if !wanted.is_empty() {
        let known = CONTAINER_LISTS
            .iter()
            .any(|(containers, _)| names(containers).contains(&wanted));
        return if known {
            Ok(wanted.to_owned())
        } else {
            let why = format!("container {wanted} is not valid for pod {name}");
            Err(Status::bad_request(why))
        };
    }
    let containers = names("containers");
    let mut why = format!("a container name must be specified for pod {name}");
    match containers.as_slice() {
        [only] => return Ok((*only).to_owned()),
        [] => {}
        several => {
            why.push_str(", choose one of: ");
            why.push_str(&list(several));
            let first = names("initContainers");
            if !first.is_empty() {
                why.push_str(" or one of the init containers: ");
                why.push_str(&list(&first));
            }
        }
    }
    Err(Status::bad_request(why))
}

/// The status of a container; none if the node has not told of it yet.
fn status_of<'p>(pod: &'p Value, container: &str) -> Option<&'p Value> {
    let status = pod.get("status")?;
    CONTAINER_LISTS.iter().find_map(|(_, statuses)| {
        let mut statuses = status.items(statuses).iter();
        statuses.find(|status| status.str("name") == Some(container))
    })
}

/// Whether the container has written anything that could be read. A kubelet says the same before it looks for the file.
pub fn check_has_log(target: &PlacedPod, options: &LogOptions) -> Result<(), Status> {
    let (container, pod) = (quote(&target.container), quote(target.name()));
    let refuse = |why: String| Err(Status::bad_request(why));
    let Some(status) = status_of(&target.pod, &target.container) else {
        return refuse(format!(
            "container {container} in pod {pod} is not available"
        ));
    };
    let state = |key: &str| status.at(&["state", key]).filter(|state| !state.is_null());
    let last = status.at(&["lastState", "terminated"]);
    let has_id = |state: Option<&Value>| {
        state.is_some_and(|state| !state.str_or_empty("containerID").is_empty())
    };
    if options.previous {
        if has_id(last) {
            return Ok(());
        }
        return refuse(format!(
            "previous terminated container {container} in pod {pod} not found"
        ));
    }
    if state("running").is_some() {
        return Ok(());
    }
    let ended = state("terminated");
    if ended.is_some() || last.is_some_and(|last| !last.is_null()) {
        if has_id(ended) || has_id(last) {
            return Ok(());
        }
        return refuse(format!("container {container} in pod {pod} is terminated"));
    }
    let why = match state("waiting").map(|waiting| waiting.str_or_empty("reason")) {
        Some("ErrImagePull") => ": image can't be pulled".to_owned(),
        Some("ImagePullBackOff") => ": trying and failing to pull image".to_owned(),
        Some(reason) => format!(": {reason}"),
        None => " - no logs yet".to_owned(),
    };
    refuse(format!(
        "container {container} in pod {pod} is waiting to start{why}"
    ))
}

/// Whether a process can be started in the container. The error is what a kubelet writes as plain text with code 500.
pub fn check_runs(target: &PlacedPod) -> Result<(), String> {
    let status = status_of(&target.pod, &target.container);
    let running = status.and_then(|status| status.at(&["state", "running"]));
    match running {
        Some(running) if !running.is_null() => Ok(()),
        _ => Err(format!(
            "container not found ({})",
            quote(&target.container)
        )),
    }
}

/// What a client sees of an agent that does not give a log.
pub fn log_refused(target: &PlacedPod, error: AgentError) -> Status {
    let name = target.name();
    match error {
        AgentError::Unreachable(why) => {
            let (namespace, container) = (&target.namespace, &target.container);
            let path = format!("/containerLogs/{namespace}/{name}/{container}");
            let node = node_name(&target.pod);
            Status::plain(format!("Get \"https://{node}:10250{path}\": {why}"))
        }
        AgentError::Refused { code: 500, message } => Status::internal(message),
        AgentError::Refused { code: 400, message } => Status::bad_request(message),
        AgentError::Refused { code, .. } => generic(code, name),
    }
}

/// What upstream makes of an answer that is no Status: the text gets lost.
fn generic(code: u16, name: &str) -> Status {
    let (reason, text) = match code {
        404 => (
            Reason::NotFound,
            "the server could not find the requested resource".to_owned(),
        ),
        _ => (
            Reason::Unknown,
            format!(
                "the server responded with the status code {code} but did not return more information"
            ),
        ),
    };
    Status {
        code,
        reason,
        // The verb, which nobody knows here, would stand before the space.
        message: format!("{text} ( pods/log {name})"),
        details: Some(Box::new(Details {
            name: name.to_owned(),
            kind: "pods/log".to_owned(),
            ..Details::default()
        })),
    }
}

/// Nobody plays nodes here.
pub fn no_agent(node: &str) -> AgentError {
    AgentError::Unreachable(format!("no agent answers for node {}", quote(node)))
}

/// A stream into a pod whose node cannot be reached.
pub fn unreachable(error: &AgentError) -> Status {
    Status::plain(format!("error dialing backend: {error}"))
}

/// A port of a proxy that cannot be reached.
pub fn service_unreachable(error: &AgentError) -> Status {
    error::service_unavailable(format!("error trying to reach service: {error}"))
}
