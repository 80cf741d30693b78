//! The objects of a fresh cluster, which a server makes for itself before it answers anybody.

use crate::auth::rbac::bootstrap::{self, Reconciled};
use crate::environment::Environment;
use crate::error;
use crate::resources::{Catalog, Resource};
use crate::storage::{Key, Snapshot, Store, Write};
use crate::verbs::record;
use bytes::Bytes;
use std::sync::Arc;
use tollgate_api::priority_class::SYSTEM_CLASSES;
use tollgate_api::{Status, Value, json};
use tollgate_objects::defaults;
use tollgate_policy::rbac::RbacKind;

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

/// Makes what is missing, all in one transaction.
pub async fn fill(
    store: &dyn Store,
    environment: &dyn Environment,
    catalog: &Catalog,
) -> Result<(), Status> {
    let now = environment.now().to_string();
    let mut wanted = Vec::new();
    for (group, version, plural, mut object) in objects(&now)? {
        let Some(resource) = catalog.resource(group, version, plural) else {
            continue;
        };
        defaults::set_defaults(&resource.kind, &mut object);
        wanted.push(entry(environment, resource, &now, object));
    }
    let roles = bootstrap::objects();
    let mut decide = |head: &Snapshot| {
        let missing = wanted
            .iter()
            .filter(|(key, _)| head.get(key.as_str()).is_none());
        let writes = missing.map(|(key, value)| Write::Put {
            key: key.clone(),
            value: value.clone(),
        });
        let mut writes: Vec<Write> = writes.collect();
        for (kind, object) in &roles {
            writes.extend(role(environment, catalog, head, *kind, object, &now));
        }
        writes
    };
    let receipt = store
        .transact(&mut decide)
        .map_err(|error| error::unwritable(&error))?;
    receipt
        .durable()
        .await
        .map_err(|error| error::unwritable(&error))?;
    Ok(())
}

/// What is to be written so that a role or binding has at least what it has by default.
fn role(
    environment: &dyn Environment,
    catalog: &Catalog,
    head: &Snapshot,
    kind: RbacKind,
    expected: &Value,
    now: &str,
) -> Option<Write> {
    let resource = catalog.resource(RbacKind::GROUP, "v1", kind.resource())?;
    let metadata = expected.get("metadata")?;
    let namespace = metadata.str_or_empty("namespace");
    let name = metadata.str_or_empty("name");
    let key = Key::new(RbacKind::GROUP, kind.resource(), namespace, name);
    let existing = head
        .get(key.as_str())
        .and_then(|record| record::parse(&record.value, 0).ok());
    let value = match bootstrap::reconcile(kind, expected, existing.as_ref()) {
        Reconciled::Keep => return None,
        Reconciled::Update(object) => record::encode(&resource.storage_kind, &object),
        Reconciled::Create(object) | Reconciled::Recreate(object) => {
            entry(environment, resource, now, object).1
        }
    };
    Some(Write::Put { key, value })
}

fn entry(
    environment: &dyn Environment,
    resource: &Arc<Resource>,
    now: &str,
    mut object: Value,
) -> (Key, Bytes) {
    object.set("kind", resource.kind.kind.clone());
    object.set("apiVersion", resource.kind.api_version());
    let metadata = object.child_mut("metadata");
    metadata.set("uid", environment.uid());
    metadata.set("creationTimestamp", now);
    let text = |key: &str| metadata.str_or_empty(key).to_owned();
    let storage = &resource.storage;
    let key = Key::new(
        &storage.group,
        &storage.resource,
        &text("namespace"),
        &text("name"),
    );
    (key, record::encode(&resource.storage_kind, &object))
}

type Wanted = (&'static str, &'static str, &'static str, Value);

fn objects(now: &str) -> Result<Vec<Wanted>, Status> {
    let mut wanted = Vec::new();
    for name in NAMESPACES {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"kubernetes.io/metadata.name":"{name}"}}}},
                "spec":{{"finalizers":["kubernetes"]}},"status":{{"phase":"Active"}}}}"#
        );
        wanted.push(("", "v1", "namespaces", read(&text)?));
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
        wanted.push(("scheduling.k8s.io", "v1", "priorityclasses", object));
    }
    wanted.push(("", "v1", "services", read(KUBERNETES_SERVICE)?));
    wanted.push((
        "networking.k8s.io",
        "v1",
        "ipaddresses",
        read(KUBERNETES_ADDRESS)?,
    ));
    let mut range = read(SERVICE_RANGE)?;
    for condition in range.child_mut("status").items_mut("conditions") {
        condition.set("lastTransitionTime", now);
    }
    wanted.push(("networking.k8s.io", "v1", "servicecidrs", range));
    Ok(wanted)
}

fn read(text: &str) -> Result<Value, Status> {
    json::from_str(text).map_err(Status::internal)
}

const KUBERNETES_SERVICE: &str = r#"{"metadata":{"name":"kubernetes","namespace":"default",
    "labels":{"component":"apiserver","provider":"kubernetes"}},
    "spec":{"ports":[{"name":"https","protocol":"TCP","port":443,"targetPort":6443}],"clusterIP":"10.0.0.1",
    "clusterIPs":["10.0.0.1"],"type":"ClusterIP","sessionAffinity":"None","ipFamilies":["IPv4"],
    "ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"},"status":{"loadBalancer":{}}}"#;

const KUBERNETES_ADDRESS: &str = r#"{"metadata":{"name":"10.0.0.1",
    "labels":{"ipaddress.kubernetes.io/ip-family":"IPv4","ipaddress.kubernetes.io/managed-by":"ipallocator.k8s.io"}},
    "spec":{"parentRef":{"resource":"services","namespace":"default","name":"kubernetes"}}}"#;

const SERVICE_RANGE: &str = r#"{"metadata":{"name":"kubernetes"},"spec":{"cidrs":["10.0.0.0/24"]},
    "status":{"conditions":[{"type":"Ready","status":"True","reason":"",
    "message":"Kubernetes default Service CIDR is ready"}]}}"#;
