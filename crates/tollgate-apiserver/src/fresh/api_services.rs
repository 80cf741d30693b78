//! `APIService`: one for each group and version that is served. Those of definitions follow them.

use super::wanted::{Writer, put};
use crate::resources::{Catalog, measured};
use crate::storage::{Key, Snapshot, Write};
use crate::verbs::record;
use std::collections::BTreeSet;
use tollgate_api::Value;

/// The group of the objects, which has none for itself.
pub(super) const GROUP: &str = "apiregistration.k8s.io";
pub(super) const PLURAL: &str = "apiservices";
/// Who keeps an object: the server always, or only when it starts.
const LABEL: &str = "kube-aggregator.kubernetes.io/automanaged";
const ALWAYS: &str = "true";
const ON_START: &str = "onstart";

/// Which groups clients prefer, as far as a name is in several.
const GROUPS: [(&str, i64); 22] = [
    ("", 18_000),
    ("extensions", 17_900),
    ("apps", 17_800),
    ("events.k8s.io", 17_750),
    ("authentication.k8s.io", 17_700),
    ("authorization.k8s.io", 17_600),
    ("autoscaling", 17_500),
    ("batch", 17_400),
    ("certificates.k8s.io", 17_300),
    ("networking.k8s.io", 17_200),
    ("policy", 17_100),
    ("rbac.authorization.k8s.io", 17_000),
    ("storage.k8s.io", 16_800),
    ("admissionregistration.k8s.io", 16_700),
    ("apiextensions.k8s.io", 16_700),
    ("scheduling.k8s.io", 16_600),
    ("coordination.k8s.io", 16_500),
    ("node.k8s.io", 16_300),
    ("discovery.k8s.io", 16_200),
    ("resource.k8s.io", 16_200),
    ("flowcontrol.apiserver.k8s.io", 16_100),
    (measured::GROUP, 100),
];
/// Which versions they prefer, where it is not the usual number.
const VERSIONS: [(&str, &str, i64); 7] = [
    ("", "v1", 1),
    ("autoscaling", "v2", 30),
    ("extensions", "v1beta1", 1),
    ("flowcontrol.apiserver.k8s.io", "v1", 21),
    (measured::GROUP, measured::VERSION, 100),
    ("policy", "v1beta1", 9),
    ("resource.k8s.io", "v1", 21),
];
const VERSION_PRIORITY: i64 = 15;
/// What is defined comes after what is built in.
const DEFINED: (i64, i64) = (1_000, 100);

/// A group and a version.
pub(super) type Served = (String, String);

/// The served versions of a definition.
pub(super) fn served_by(definition: &Value) -> Vec<Served> {
    let Some(spec) = definition.get("spec") else {
        return Vec::new();
    };
    let group = spec.str_or_empty("group");
    let versions = spec.items("versions").iter();
    let served = versions.filter(|version| version.bool("served") == Some(true));
    served
        .map(|version| (group.to_owned(), version.str_or_empty("name").to_owned()))
        .collect()
}

fn key(group: &str, version: &str) -> Key {
    Key::new(GROUP, PLURAL, "", &format!("{version}.{group}"))
}

fn object(
    writer: &Writer<'_>,
    (group, version): (&str, &str),
    (group_priority, version_priority): (i64, i64),
    kept: &str,
) -> Value {
    let mut object = Value::object();
    let metadata = object.child_mut("metadata");
    metadata.set("name", format!("{version}.{group}"));
    metadata.child_mut("labels").set(LABEL, kept);
    let spec = object.child_mut("spec");
    if !group.is_empty() {
        spec.set("group", group);
    }
    spec.set("version", version);
    spec.set("groupPriorityMinimum", group_priority);
    spec.set("versionPriority", version_priority);
    let mut condition = Value::object();
    condition.set("type", "Available");
    condition.set("status", "True");
    condition.set("lastTransitionTime", writer.now.as_str());
    condition.set("reason", "Local");
    condition.set("message", "Local APIServices are always available");
    object
        .child_mut("status")
        .set("conditions", vec![condition]);
    object
}

fn priorities(group: &str, version: &str) -> (i64, i64) {
    let of_group = GROUPS.iter().find(|(known, _)| *known == group);
    let mut versions = VERSIONS.iter();
    let of_version = versions.find(|(of, known, _)| *of == group && *known == version);
    (
        of_group.map_or(DEFINED.0, |(_, priority)| *priority),
        of_version.map_or(VERSION_PRIORITY, |(_, _, priority)| *priority),
    )
}

/// What a server writes when it starts: what is missing of the built-in versions and of what is defined. What was
/// defined and is gone goes.
pub(super) fn settle_all(
    writer: &Writer<'_>,
    head: &Snapshot,
    unannounced: &[(&str, &str)],
) -> Vec<Write> {
    let mut writes = Vec::new();
    let built_in = built_in(writer.catalog, unannounced);
    for (group, version) in &built_in {
        let (group, version) = (group.as_str(), version.as_str());
        let key = key(group, version);
        if head.get(key.as_str()).is_none()
            && let Some(resource) = writer.catalog.resource(GROUP, "v1", PLURAL)
        {
            let priorities = priorities(group, version);
            let object = object(writer, (group, version), priorities, ON_START);
            writes.push(writer.create(resource, key, object));
        }
    }
    let mut defined: BTreeSet<Served> = BTreeSet::new();
    let prefix = Key::prefix("apiextensions.k8s.io", "customresourcedefinitions", None);
    for (_, found) in head.range(&prefix) {
        if let Ok(definition) = record::parse(&found.value, 0) {
            defined.extend(served_by(&definition));
        }
    }
    for (group, version) in defined.difference(&built_in) {
        writes.extend(settle(writer, head, group, version, true));
    }
    let prefix = Key::prefix(GROUP, PLURAL, None);
    let all = head.range(&prefix);
    let stale = all.filter(|(_, found)| {
        record::parse(&found.value, 0).is_ok_and(|service| {
            let spec = service.get("spec").unwrap_or(&Value::Null);
            let text = |key: &str| spec.str_or_empty(key).to_owned();
            let version = (text("group"), text("version"));
            match kept(&service) {
                Some(ALWAYS) => !defined.contains(&version),
                // There may have been nodes when the server ran before.
                Some(ON_START) => version.0 == measured::GROUP && !built_in.contains(&version),
                _ => false,
            }
        })
    });
    let stale: Vec<Write> = stale
        .map(|(key, _)| Write::Delete { key: key.clone() })
        .collect();
    writes.extend(stale);
    writes
}

/// The built-in versions that discovery tells of, but for this group's own.
pub(super) fn built_in(catalog: &Catalog, unannounced: &[(&str, &str)]) -> BTreeSet<Served> {
    let mut served = BTreeSet::new();
    for group in catalog.groups() {
        for version in &group.versions {
            let pair = (group.name.as_str(), version.name.as_str());
            let is_own = group.name == GROUP;
            if !is_own && !version.resources.is_empty() && !unannounced.contains(&pair) {
                served.insert((pair.0.to_owned(), pair.1.to_owned()));
            }
        }
    }
    served
}

/// When the server keeps an object, if it does.
fn kept(service: &Value) -> Option<&str> {
    let label = service.at(&["metadata", "labels", LABEL]);
    label.and_then(Value::as_str)
}

fn is_kept_always(service: &Value) -> bool {
    kept(service) == Some(ALWAYS)
}

/// Makes the object of a defined version be there or not.
pub(super) fn settle(
    writer: &Writer<'_>,
    head: &Snapshot,
    group: &str,
    version: &str,
    is_served: bool,
) -> Option<Write> {
    let resource = writer.catalog.resource(GROUP, "v1", PLURAL)?;
    let key = key(group, version);
    let found = head
        .get(key.as_str())
        .and_then(|found| record::parse(&found.value, 0).ok());
    let wanted = object(writer, (group, version), DEFINED, ALWAYS);
    match found {
        None => is_served.then(|| writer.create(resource, key, wanted)),
        // Somebody made it by hand: it is theirs.
        Some(found) if !is_kept_always(&found) => None,
        Some(_) if !is_served => Some(Write::Delete { key }),
        Some(mut found) => {
            if found.get("spec") == wanted.get("spec") {
                return None;
            }
            found.set("spec", wanted.get("spec").cloned());
            Some(put(resource, key, &found))
        }
    }
}
