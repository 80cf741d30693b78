//! The documents of `/api` and `/apis`, one for each group and each version.

use crate::resources::{Catalog, Group, Resource, Subresource, Version};
use tollgate_api::{Value, value::CompactString};

fn object<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    entries.into_iter().collect()
}

/// `/api`: the versions of the core group. `address` is where the client reached the server.
pub fn core_versions(catalog: &Catalog, address: &str) -> Value {
    let versions = catalog.group("").map(|group| group.versions.as_slice());
    let versions: Vec<Value> = versions
        .unwrap_or_default()
        .iter()
        .map(|version| Value::from(version.name.clone()))
        .collect();
    object([
        ("kind", "APIVersions".into()),
        ("versions", Value::Array(versions)),
        (
            "serverAddressByClientCIDRs",
            Value::Array(vec![object([
                ("clientCIDR", "0.0.0.0/0".into()),
                ("serverAddress", address.into()),
            ])]),
        ),
    ])
}

/// `/apis`: all groups but the core group.
pub fn groups(catalog: &Catalog) -> Value {
    let named = catalog
        .groups()
        .iter()
        .filter(|group| !group.name.is_empty());
    object([
        ("kind", "APIGroupList".into()),
        ("apiVersion", "v1".into()),
        ("groups", Value::Array(named.map(group_entry).collect())),
    ])
}

/// `/apis/GROUP`: one group.
pub fn group(group: &Group) -> Value {
    let mut document = object([("kind", "APIGroup".into()), ("apiVersion", "v1".into())]);
    if let Value::Object(entry) = group_entry(group) {
        for (key, value) in entry.iter() {
            document.set(key, value.clone());
        }
    }
    document
}

fn group_version(group: &str, version: &str) -> CompactString {
    if group.is_empty() {
        version.into()
    } else {
        format!("{group}/{version}").into()
    }
}

fn group_entry(group: &Group) -> Value {
    let entry = |version: &Version| {
        object([
            (
                "groupVersion",
                group_version(&group.name, &version.name).into(),
            ),
            ("version", version.name.clone().into()),
        ])
    };
    object([
        ("name", group.name.clone().into()),
        (
            "versions",
            Value::Array(group.versions.iter().map(entry).collect()),
        ),
        (
            "preferredVersion",
            group.versions.first().map_or(Value::Null, entry),
        ),
    ])
}

/// `/api/v1` and `/apis/GROUP/VERSION`: the resources of a version.
pub fn resources(group: &str, version: &Version) -> Value {
    let mut list = Vec::new();
    for resource in &version.resources {
        list.push(resource_entry(resource));
        let subresources = resource.subresources.iter();
        list.extend(subresources.map(|sub| subresource_entry(resource, sub)));
    }
    let mut document = object([("kind", "APIResourceList".into())]);
    if !group.is_empty() {
        document.set("apiVersion", "v1");
    }
    document.set("groupVersion", group_version(group, &version.name));
    document.set("resources", Value::Array(list));
    document
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> Value {
    Value::Array(names.map(Value::from).collect())
}

fn resource_entry(resource: &Resource) -> Value {
    let mut entry = object([
        ("name", resource.plural().into()),
        ("singularName", resource.singular.clone().into()),
        ("namespaced", resource.namespaced.into()),
        ("kind", resource.kind.kind.clone().into()),
        ("verbs", names(resource.verb_names().into_iter())),
    ]);
    if !resource.short_names.is_empty() {
        entry.set(
            "shortNames",
            names(resource.short_names.iter().map(CompactString::as_str)),
        );
    }
    if !resource.categories.is_empty() {
        entry.set(
            "categories",
            names(resource.categories.iter().map(CompactString::as_str)),
        );
    }
    if !resource.storage_version_hash.is_empty() {
        entry.set("storageVersionHash", resource.storage_version_hash.clone());
    }
    entry
}

fn subresource_entry(resource: &Resource, sub: &Subresource) -> Value {
    let mut entry = object([
        ("name", format!("{}/{}", resource.plural(), sub.name).into()),
        ("singularName", "".into()),
        ("namespaced", resource.namespaced.into()),
    ]);
    if sub.names_its_group {
        entry.set("group", sub.kind.group.clone());
        entry.set("version", sub.kind.version.clone());
    }
    entry.set("kind", sub.kind.kind.clone());
    entry.set("verbs", names(sub.verbs.names()));
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::built_in;

    #[test]
    fn lists_resources_with_their_subresources() {
        let catalog = built_in().unwrap();
        let core = resources("", catalog.version("", "v1").unwrap());
        let find = |name: &str| {
            let found = core
                .items("resources")
                .iter()
                .find(|entry| entry.str("name") == Some(name));
            found.map(ToString::to_string)
        };
        assert_eq!(
            find("configmaps").unwrap(),
            r#"{"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"shortNames":["cm"],"storageVersionHash":"qFsyl6wFWjQ="}"#
        );
        assert_eq!(
            find("pods/eviction").unwrap(),
            r#"{"name":"pods/eviction","singularName":"","namespaced":true,"group":"policy","version":"v1","kind":"Eviction","verbs":["create"]}"#
        );
        assert!(core.get("apiVersion").is_none());
    }

    #[test]
    fn the_core_group_is_not_among_the_groups() {
        let catalog = built_in().unwrap();
        let groups = groups(&catalog);
        let names: Vec<&str> = groups
            .items("groups")
            .iter()
            .map(|group| group.str_or_empty("name"))
            .collect();
        assert!(names.contains(&"apps") && !names.contains(&""));
    }
}
