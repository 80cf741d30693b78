//! What a server warns of though it accepts an object: `WarningsOnCreate` and `WarningsOnUpdate` of the registry.
//!
//! One topic, one file; the table below says what is looked at. A warning is one line of text, as a client sees it behind
//! `Warning:`. What is doubtful in a pod itself is known to `validation::pod_warnings`.

pub(crate) mod addresses;
mod endpoints;
mod network;
mod node;
mod resource_quota;
mod secret;
mod service;
mod service_account;
mod storage;
mod workload;

#[cfg(test)]
mod tests;

use crate::validation::pod_warnings;
use tollgate_api::{GroupVersionKind, Release, Value};

/// From this release on the warnings are known here. Those before have other texts.
const FIRST: Release = Release::minor(30);

/// An object that is about to be stored.
#[derive(Debug, Clone, Copy)]
struct Subject<'o> {
    kind: &'o str,
    object: &'o Value,
    /// What it is to replace, if anything.
    old: Option<&'o Value>,
    release: Release,
}

impl Subject<'_> {
    /// Whether the emulated release is this one or a later one.
    fn is_since(&self, minor: u16) -> bool {
        self.release >= Release::minor(minor)
    }

    /// Whether the object is new, or its spec is.
    fn is_renewed(&self) -> bool {
        let generation = |object: &Value| {
            let metadata = object.get("metadata");
            metadata.and_then(|metadata| metadata.int("generation"))
        };
        self.old
            .is_none_or(|old| generation(old) != generation(self.object))
    }

    fn annotation(&self, key: &str) -> Option<&Value> {
        self.object.at(&["metadata", "annotations", key])
    }
}

type Collect = fn(&Subject<'_>, &mut Vec<String>);

/// Group, kind, and what looks at it, whatever the version.
const KINDS: &[(&str, &str, Collect)] = &[
    ("", "Endpoints", endpoints::endpoints),
    ("", "Node", node::collect),
    ("", "PersistentVolume", storage::volume),
    ("", "PersistentVolumeClaim", storage::claim),
    ("", "Pod", pod),
    ("", "PodTemplate", workload::collect),
    ("", "ReplicationController", workload::collect),
    ("", "ResourceQuota", resource_quota::collect),
    ("", "Secret", secret::collect),
    ("", "Service", service::collect),
    ("", "ServiceAccount", service_account::collect),
    ("apps", "DaemonSet", workload::collect),
    ("apps", "Deployment", workload::collect),
    ("apps", "ReplicaSet", workload::collect),
    ("apps", "StatefulSet", workload::stateful_set),
    ("batch", "CronJob", workload::cron_job),
    ("batch", "Job", workload::job),
    ("discovery.k8s.io", "EndpointSlice", endpoints::slice),
    ("networking.k8s.io", "Ingress", network::ingress),
    ("networking.k8s.io", "NetworkPolicy", network::policy),
    ("node.k8s.io", "RuntimeClass", node::runtime_class),
    ("storage.k8s.io", "CSIStorageCapacity", storage::capacity),
    ("storage.k8s.io", "StorageClass", storage::class),
];

/// What the registry of `release` warns of when a valid object of `kind` is created.
pub fn on_create(kind: &GroupVersionKind, object: &Value, release: Release) -> Vec<String> {
    warnings(kind, object, None, release)
}

/// What it warns of when a valid object replaces `old`, through the resource itself and not through a subresource.
pub fn on_update(
    kind: &GroupVersionKind,
    new: &Value,
    old: &Value,
    release: Release,
) -> Vec<String> {
    warnings(kind, new, Some(old), release)
}

fn warnings(
    kind: &GroupVersionKind,
    object: &Value,
    old: Option<&Value>,
    release: Release,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if release < FIRST {
        return warnings;
    }
    let found = KINDS
        .iter()
        .find(|(group, name, _)| kind.kind == *name && kind.group == *group);
    if let Some((_, kind, collect)) = found {
        let subject = Subject {
            kind,
            object,
            old,
            release,
        };
        collect(&subject, &mut warnings);
    }
    warnings
}

/// Pods are changed by kubelets, hundreds of times a second, and hardly ever by people: updates are not looked at.
fn pod(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    if subject.old.is_none() {
        warnings.extend(pod_warnings::on_create(subject.object));
    }
}
