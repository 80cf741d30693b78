//! The table of resources: what discovery lists, and what it does not.

use super::{Facts, read};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use tollgate_api::Value;

/// Kinds without a discovery entry of their own that live outside namespaces.
const CLUSTER_SCOPED: &[&str] = &[
    "ClusterTrustBundle",
    "DeviceTaintRule",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ResourcePoolStatusRequest",
    "StorageVersion",
    "StorageVersionMigration",
];

/// Groups of kinds that are made for an answer: nobody writes a manifest of them.
const READ_ONLY: &[&str] = &["meta.k8s.io", "metrics.k8s.io"];

/// The lines of the table of resources, and how many there are.
pub(super) fn lines(data: &Path, facts: &Facts) -> Result<(usize, String)> {
    let mut entries: BTreeMap<(String, String, String), Value> = BTreeMap::new();
    for (file, key) in [
        ("discovery-1.36", "resources"),
        ("discovery-1.24", "differs"),
    ] {
        let discovery = read(data, file)?;
        for group in discovery.items("groups") {
            for version in group.items("versions") {
                let listed = version.items(key).iter().chain(version.items("resources"));
                for resource in listed {
                    let group = group.str_or_empty("group").to_owned();
                    let kind = resource.str_or_empty("kind").to_owned();
                    let key = (group, version.str_or_empty("version").to_owned(), kind);
                    entries.entry(key).or_insert_with(|| resource.clone());
                }
            }
        }
    }
    let kinds: BTreeSet<&(String, String)> = facts.kinds.keys().collect();
    for (api_version, kind) in &kinds {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let key = (group.to_owned(), version.to_owned(), kind.clone());
        let is_listed = kinds.contains(&(api_version.clone(), format!("{kind}List")));
        if is_listed && !READ_ONLY.contains(&group) && !entries.contains_key(&key) {
            let sibling = entries
                .iter()
                .filter(|((_, _, other), _)| other == kind)
                .max_by_key(|((other, _, _), _)| other == group)
                .map(|(_, resource)| resource.clone());
            entries.insert(key, sibling.unwrap_or_else(|| guessed(kind)));
        }
    }
    let mut text = String::new();
    for ((group, version, kind), resource) in &entries {
        let words = |key: &str| -> Vec<&str> {
            resource
                .items(key)
                .iter()
                .filter_map(Value::as_str)
                .collect()
        };
        writeln!(
            text,
            "    r({group:?}, {version:?}, {kind:?}, {:?}, {}, &{:?}, &{:?}),",
            resource.str_or_empty("name"),
            resource.bool("namespaced") == Some(true),
            words("shortNames"),
            words("verbs"),
        )?;
    }
    Ok((entries.len(), text))
}

/// A resource that no discovery document lists.
fn guessed(kind: &str) -> Value {
    let mut resource = Value::object();
    let lower = kind.to_ascii_lowercase();
    let plural = match lower.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if lower.ends_with('s') => format!("{lower}es"),
        None => format!("{lower}s"),
    };
    resource.set("name", plural);
    resource.set("namespaced", !CLUSTER_SCOPED.contains(&kind));
    resource
}
