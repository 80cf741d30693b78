//! The Node object as a kubelet registers it, and its status.

use super::addresses::Slot;
use super::config::NodePlan;
use super::moment;
use crate::conditions::{find, since};
use tollgate_api::{Release, Timestamp, Value, resource_name};

/// How the runtime calls itself. It says what it is: nothing runs here.
pub const RUNTIME: &str = concat!("tollgate://", env!("CARGO_PKG_VERSION"));

/// What the ids of its containers and images begin with.
pub(crate) const RUNTIME_SCHEME: &str = "tollgate://";

/// The annotation by which people and programs can tell that a node is simulated.
pub const SIMULATED: &str = "tollgate.dev/simulated";

const CONDITIONS: &[(&str, &str, &str, &str)] = &[
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    (
        "DiskPressure",
        "False",
        "KubeletHasNoDiskPressure",
        "kubelet has no disk pressure",
    ),
    (
        "PIDPressure",
        "False",
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
    ),
    (
        "Ready",
        "True",
        "KubeletReady",
        "kubelet is posting ready status",
    ),
];

/// The object with which a node registers.
pub fn new_node(plan: &NodePlan, slot: Slot, release: Release, now: Timestamp) -> Value {
    let mut metadata = Value::from_iter([("name", Value::string(plan.name.as_str()))]);
    metadata.set("labels", labels(plan));
    metadata.set("annotations", annotations(plan));
    let mut spec = Value::object();
    spec.set("podCIDR", slot.pod_cidr());
    spec.set("podCIDRs", vec![slot.pod_cidr()]);
    if !plan.group.taints.is_empty() {
        spec.set("taints", plan.group.taints.clone());
    }
    let mut node = Value::from_iter([("apiVersion", "v1"), ("kind", "Node")]);
    node.set("metadata", metadata);
    node.set("spec", spec);
    let status = status(&node, plan, slot, release, now);
    node.set("status", status);
    node
}

fn labels(plan: &NodePlan) -> Value {
    let mut labels = Value::from_iter([
        ("beta.kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", plan.name.as_str()),
        ("kubernetes.io/os", "linux"),
    ]);
    for (name, value) in &plan.group.labels {
        labels.set(name.as_str(), value.as_str());
    }
    labels
}

fn annotations(plan: &NodePlan) -> Value {
    let mut annotations = Value::from_iter([
        (SIMULATED, "true"),
        (
            "volumes.kubernetes.io/controller-managed-attach-detach",
            "true",
        ),
    ]);
    for (name, value) in &plan.group.annotations {
        annotations.set(name.as_str(), value.as_str());
    }
    annotations
}

/// What a stored node lacks when its kubelet starts again, as a merge patch: labels, annotations and the range of its
/// pods. What is there stays, whatever it says. `None` if nothing is missing.
pub fn missing(stored: &Value, plan: &NodePlan, slot: Slot) -> Option<Value> {
    let mut patch = Value::object();
    for (field, wanted) in [("labels", labels(plan)), ("annotations", annotations(plan))] {
        let there = stored.at(&["metadata", field]);
        let missing: Vec<(String, Value)> = wanted
            .as_object()?
            .iter()
            .filter(|(name, _)| there.and_then(|map| map.get(name)).is_none())
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        if !missing.is_empty() {
            patch
                .child_mut("metadata")
                .set(field, missing.into_iter().collect::<Value>());
        }
    }
    if stored.at(&["spec", "podCIDR"]).is_none() {
        let spec = patch.child_mut("spec");
        spec.set("podCIDR", slot.pod_cidr());
        spec.set("podCIDRs", vec![slot.pod_cidr()]);
    }
    let is_missing = patch.as_object().is_some_and(|patch| !patch.is_empty());
    is_missing.then_some(patch)
}

/// The status that the node's kubelet reports at `now`. What others keep in it stays; a condition's transition is only
/// new where its status is.
pub fn status(
    stored: &Value,
    plan: &NodePlan,
    slot: Slot,
    release: Release,
    now: Timestamp,
) -> Value {
    let mut status = stored.get("status").cloned().unwrap_or_else(Value::object);
    let others = extended_by_others(&status, plan);
    for (field, own) in [
        ("capacity", &plan.group.capacity),
        ("allocatable", &plan.group.allocatable),
    ] {
        let mut list = own.to_value();
        for (name, amount) in &others {
            list.set(name, amount.clone());
        }
        status.set(field, with_huge_pages(list));
    }
    status.set("conditions", conditions(&status, now));
    let addresses = [
        ("InternalIP", slot.node_ip()),
        ("Hostname", plan.name.clone()),
    ];
    let addresses: Vec<Value> = addresses
        .into_iter()
        .map(|(kind, address)| {
            Value::from_iter([("type", Value::from(kind)), ("address", address.into())])
        })
        .collect();
    status.set("addresses", addresses);
    let port = Value::from_iter([("Port", Value::from(10_250))]);
    status.set(
        "daemonEndpoints",
        Value::from_iter([("kubeletEndpoint", port)]),
    );
    status.set("nodeInfo", node_info(plan, release));
    status
}

/// Extended resources that somebody else says the node has: a kubelet keeps them, and gives out all of them.
fn extended_by_others(status: &Value, plan: &NodePlan) -> Vec<(String, Value)> {
    let entries = status
        .get("capacity")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(tollgate_api::value::Object::iter);
    entries
        .filter(|(name, _)| resource_name::is_extended(name))
        .filter(|(name, _)| plan.group.capacity.get(name).is_none())
        .map(|(name, amount)| (name.to_owned(), amount.clone()))
        .collect()
}

/// Kubelets state both sizes of huge pages, had or not.
fn with_huge_pages(mut list: Value) -> Value {
    for size in ["hugepages-1Gi", "hugepages-2Mi"] {
        if list.get(size).is_none() {
            list.set(size, "0");
        }
    }
    if let Some(list) = list.as_object_mut() {
        list.sort_by_key();
    }
    list
}

fn conditions(status: &Value, now: Timestamp) -> Vec<Value> {
    let stored = status.items("conditions");
    let mut conditions: Vec<Value> = CONDITIONS
        .iter()
        .map(|(kind, state, reason, message)| {
            let since = since(find(stored, kind), state, now);
            Value::from_iter([
                ("type", Value::from(*kind)),
                ("status", (*state).into()),
                ("lastHeartbeatTime", moment::to_value(now)),
                ("lastTransitionTime", since.into()),
                ("reason", (*reason).into()),
                ("message", (*message).into()),
            ])
        })
        .collect();
    let is_ours = |kind: &str| CONDITIONS.iter().any(|(ours, ..)| *ours == kind);
    let others = stored
        .iter()
        .filter(|other| !is_ours(other.str_or_empty("type")));
    conditions.extend(others.cloned());
    conditions
}

fn node_info(plan: &NodePlan, release: Release) -> Value {
    let id = super::identity::hex(&["machine", &plan.name], 32);
    let uuid = |purpose: &str| super::identity::uuid(&[purpose, &plan.name]);
    Value::from_iter([
        ("machineID", Value::from(id)),
        ("systemUUID", uuid("system").into()),
        ("bootID", uuid("boot").into()),
        ("kernelVersion", "simulated".into()),
        ("osImage", "simulated".into()),
        ("containerRuntimeVersion", RUNTIME.into()),
        ("kubeletVersion", format!("v{release}.0").into()),
        ("kubeProxyVersion", "".into()),
        ("operatingSystem", "linux".into()),
        ("architecture", "amd64".into()),
    ])
}

/// Whether the stored status differs from the one reported at `now` in more than heartbeats.
pub fn status_differs(stored: &Value, reported: &Value) -> bool {
    let without_heartbeats = |status: &Value| {
        let mut status = status.clone();
        for condition in status.items_mut("conditions") {
            condition.remove("lastHeartbeatTime");
        }
        status
    };
    stored
        .get("status")
        .is_none_or(|stored| without_heartbeats(stored) != without_heartbeats(reported))
}

/// When the kubelet last reported, as the stored conditions say.
pub fn last_heartbeat(stored: &Value) -> Option<Timestamp> {
    let conditions = stored.get("status")?.items("conditions");
    let ready = conditions
        .iter()
        .find(|condition| condition.str("type") == Some("Ready"))?;
    moment::read(ready, "lastHeartbeatTime")
}

#[cfg(test)]
mod tests {
    use super::super::addresses::assign_slots;
    use super::super::config;
    use super::*;
    use std::collections::BTreeMap;

    fn plan_and_slot() -> (NodePlan, Slot) {
        let capacity = config::parse_capacity("").unwrap();
        let plan = config::equal_nodes(1, capacity).unwrap().remove(0);
        let slot = assign_slots([plan.name.as_str()].into_iter(), &BTreeMap::new())["node-0"];
        (plan, slot)
    }

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_768_478_400);

    #[test]
    fn a_node_registers_ready_with_what_a_kubelet_says() {
        let (plan, slot) = plan_and_slot();
        let node = new_node(&plan, slot, Release::minor(36), NOW);
        let ready = &node.at(&["status"]).unwrap().items("conditions")[3];
        assert_eq!(ready.str("reason"), Some("KubeletReady"));
        assert_eq!(
            ready.str("message"),
            Some("kubelet is posting ready status")
        );
        let info = node.at(&["status", "nodeInfo"]).unwrap();
        assert_eq!(info.str("kubeletVersion"), Some("v1.36.0"));
        assert_eq!(
            info.str("containerRuntimeVersion"),
            Some("tollgate://0.1.0")
        );
        assert_eq!(
            node.at(&["spec", "podCIDR"]).unwrap().as_str(),
            Some("10.128.0.0/22")
        );
        assert_eq!(
            node.get("status").unwrap().items("addresses")[0].str("address"),
            Some("172.16.0.2")
        );
        assert_eq!(
            node.at(&["status", "capacity", "hugepages-2Mi"])
                .unwrap()
                .as_str(),
            Some("0")
        );
    }

    #[test]
    fn a_later_report_changes_nothing_but_heartbeats() {
        let (plan, slot) = plan_and_slot();
        let release = Release::minor(36);
        let node = new_node(&plan, slot, release, NOW);
        let later = NOW.saturating_add_seconds(300);
        let report = status(&node, &plan, slot, release, later);
        assert!(!status_differs(&node, &report));
        assert_eq!(last_heartbeat(&node), Some(NOW));
        assert_eq!(missing(&node, &plan, slot), None);
    }

    #[test]
    fn a_report_keeps_the_extended_resources_that_others_added() {
        let (plan, slot) = plan_and_slot();
        let release = Release::minor(36);
        let mut node = new_node(&plan, slot, release, NOW);
        let capacity = node.child_mut("status").child_mut("capacity");
        capacity.set("example.com/dongle", "4");
        let report = status(&node, &plan, slot, release, NOW);
        for list in ["capacity", "allocatable"] {
            let list = report.get(list).unwrap();
            assert_eq!(list.str("example.com/dongle"), Some("4"));
            assert_eq!(list.str("cpu"), Some("16"));
        }
        assert!(status_differs(&node, &report));
    }

    #[test]
    fn a_report_makes_a_node_ready_that_others_gave_up() {
        let (plan, slot) = plan_and_slot();
        let release = Release::minor(36);
        let mut node = new_node(&plan, slot, release, NOW);
        let own = Value::from_iter([("type", "NetworkUnavailable"), ("status", "False")]);
        let status_of = node.get_mut("status").unwrap();
        status_of.items_mut("conditions")[3].set("status", "Unknown");
        status_of
            .get_mut("conditions")
            .unwrap()
            .as_array_mut()
            .unwrap()
            .push(own.clone());
        let later = NOW.saturating_add_seconds(300);
        let report = status(&node, &plan, slot, release, later);
        assert!(status_differs(&node, &report));
        let conditions = report.items("conditions");
        assert_eq!(
            moment::read(&conditions[3], "lastTransitionTime"),
            Some(later)
        );
        assert_eq!(
            moment::read(&conditions[0], "lastTransitionTime"),
            Some(NOW)
        );
        assert_eq!(conditions[4], own);
    }
}
