//! Namespaces, priority classes, and the range of service addresses.

use super::Wanted;
use tollgate_api::priority_class::SYSTEM_CLASSES;
use tollgate_api::{Status, Value};

/// The namespaces that every cluster has.
pub const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// What the system's own priority classes are for.
const CLASS_DESCRIPTIONS: [(&str, &str); 2] = [
    (
        "system-cluster-critical",
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        "Used for system critical pods that must not be moved from their current node.",
    ),
];

const SERVICE_RANGE: &str = r#"{"metadata":{"name":"kubernetes"},"spec":{"cidrs":["10.0.0.0/24"]},
    "status":{"conditions":[{"type":"Ready","status":"True","reason":"",
    "message":"Kubernetes default Service CIDR is ready"}]}}"#;

/// The store is what etcd is elsewhere; who answers at all can write to it.
const STORE_STATUS: &str = r#"{"metadata":{"name":"etcd-0"},
    "conditions":[{"type":"Healthy","status":"True","message":"ok"}]}"#;

/// All of them.
pub(super) fn objects(now: &str) -> Result<Vec<Wanted>, Status> {
    let mut wanted = Vec::new();
    for name in NAMESPACES {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"kubernetes.io/metadata.name":"{name}"}}}},
                "spec":{{"finalizers":["kubernetes"]}},"status":{{"phase":"Active"}}}}"#
        );
        wanted.push(Wanted::read(("", "v1", "namespaces"), &text)?);
    }
    for class in SYSTEM_CLASSES {
        let mut object = Value::object();
        object.child_mut("metadata").set("name", class.name);
        object.child_mut("metadata").set("generation", 1_i64);
        object.set("value", class.value);
        let description = CLASS_DESCRIPTIONS
            .iter()
            .find(|(name, _)| *name == class.name);
        object.set("description", description.map_or("", |(_, text)| *text));
        let resource = ("scheduling.k8s.io", "v1", "priorityclasses");
        wanted.push(Wanted::new(resource, object));
    }
    let mut range = Wanted::read(("networking.k8s.io", "v1", "servicecidrs"), SERVICE_RANGE)?;
    for condition in range.object.child_mut("status").items_mut("conditions") {
        condition.set("lastTransitionTime", now);
    }
    wanted.push(range);
    wanted.push(Wanted::read(("", "v1", "componentstatuses"), STORE_STATUS)?);
    Ok(wanted)
}
