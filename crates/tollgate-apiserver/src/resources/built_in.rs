//! The built-in resources, as a real server's discovery lists them.

use super::catalog::{Catalog, Group, Version};
use super::conversion::Conversion;
use super::resource::{Origin, Resource, Subresource, Verbs};
use flate2::read::GzDecoder;
use std::io::Read as _;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{GroupResource, GroupVersionKind, Value, json};
use tollgate_objects::schema::discovery;

/// Why the built-in catalog cannot be read: the program is damaged.
#[derive(Debug, thiserror::Error)]
#[error("the built-in data about the API cannot be read: {0}")]
pub struct DamagedData(pub(crate) String);

/// The catalog of a fresh server: that of 1.36, and PodSecurityPolicy in `policy/v1beta1`.
pub fn built_in() -> Result<Catalog, DamagedData> {
    let newest = unpack(discovery::PACKED_1_36)?;
    let old = unpack(discovery::PACKED_1_24)?;
    let mut groups: Vec<Group> = newest.items("groups").iter().map(group).collect();
    let policies = old
        .items("groups")
        .iter()
        .filter(|group| group.str("group") == Some("policy"))
        .flat_map(|group| group.items("versions"))
        .filter(|version| version.str("version") == Some("v1beta1"))
        .flat_map(|version| version.items("resources"))
        .filter(|listed| listed.str("name") == Some("podsecuritypolicies"))
        .map(|listed| Arc::new(resource("policy", "v1beta1", listed)))
        .collect();
    if let Some(policy) = groups.iter_mut().find(|group| group.name == "policy") {
        policy.versions.push(Version {
            name: "v1beta1".into(),
            resources: policies,
        });
    }
    Ok(Catalog::new(groups))
}

pub(crate) fn unpack(packed: &[u8]) -> Result<Value, DamagedData> {
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .map_err(|error| DamagedData(error.to_string()))?;
    json::from_str(&text).map_err(|error| DamagedData(error.to_string()))
}

fn group(listed: &Value) -> Group {
    let name = listed.str_or_empty("group");
    let versions = listed.items("versions").iter().map(|version| {
        let version_name = version.str_or_empty("version");
        let resources = version.items("resources").iter();
        Version {
            name: version_name.into(),
            resources: resources
                .map(|listed| Arc::new(resource(name, version_name, listed)))
                .collect(),
        }
    });
    Group {
        name: name.into(),
        versions: versions.collect(),
    }
}

fn words(listed: &Value, key: &str) -> Vec<CompactString> {
    let words = listed.items(key).iter().filter_map(Value::as_str);
    words.map(CompactString::from).collect()
}

fn verbs(listed: &Value) -> Verbs {
    Verbs::named(listed.items("verbs").iter().filter_map(Value::as_str))
}

fn resource(group: &str, version: &str, listed: &Value) -> Resource {
    let kind = kind(group, version, listed.str_or_empty("kind"));
    let plural = listed.str_or_empty("name");
    let (storage, storage_kind, conversion) = storage(&kind, plural);
    let subresources = listed.items("subresources").iter().map(|sub| Subresource {
        name: sub.str_or_empty("name").into(),
        kind: GroupVersionKind {
            group: sub.str("group").unwrap_or(group).into(),
            version: sub.str("version").unwrap_or(version).into(),
            kind: sub.str_or_empty("kind").into(),
        },
        names_its_group: sub.get("group").is_some() || sub.get("version").is_some(),
        verbs: verbs(sub),
    });
    let singular = match listed.str_or_empty("singularName") {
        // Old servers left it to the client.
        "" => listed.str_or_empty("kind").to_ascii_lowercase().into(),
        singular => singular.into(),
    };
    Resource {
        list_kind: format!("{}List", kind.kind).into(),
        group_resource: GroupResource::new(group, plural),
        singular,
        namespaced: listed.bool("namespaced") == Some(true),
        verbs: verbs(listed),
        short_names: words(listed, "shortNames"),
        categories: words(listed, "categories"),
        storage_version_hash: listed.str_or_empty("storageVersionHash").into(),
        subresources: subresources.collect(),
        storage,
        storage_kind,
        conversion,
        origin: Origin::BuiltIn,
        kind,
    }
}

fn kind(group: &str, version: &str, kind: &str) -> GroupVersionKind {
    GroupVersionKind {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
    }
}

/// Where and as what objects are stored; versions that are not named here are stored as they are served.
fn storage(
    served: &GroupVersionKind,
    plural: &str,
) -> (GroupResource, GroupVersionKind, Conversion) {
    let stored = |group: &str, version: &str| {
        (
            GroupResource::new(group, plural),
            kind(group, version, &served.kind),
        )
    };
    let parts = (served.group.as_str(), served.version.as_str(), plural);
    let (storage, storage_kind) = match parts {
        ("events.k8s.io", _, "events") => stored("", "v1"),
        ("autoscaling", "v1", _) => stored("autoscaling", "v2"),
        ("extensions", _, "podsecuritypolicies") => stored("policy", "v1beta1"),
        ("extensions", _, _) => stored("apps", "v1"),
        (group, version, _) => stored(group, version),
    };
    let conversion = match parts {
        ("events.k8s.io", _, _) => Conversion::Events,
        ("autoscaling", "v1", _) => Conversion::Autoscalers,
        ("extensions", _, _) => Conversion::Relabel,
        _ => Conversion::None,
    };
    (storage, storage_kind, conversion)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::Verb;
    use tollgate_objects::schema::type_of;

    #[test]
    fn finds_resources_by_path_and_by_kind() {
        let catalog = built_in().unwrap();
        let pods = catalog.resource("", "v1", "pods").unwrap();
        assert_eq!(pods.kind.kind, "Pod");
        assert_eq!(pods.list_kind, "PodList");
        assert!(pods.namespaced);
        assert_eq!(pods.short_names, ["po"]);
        let eviction = pods.subresource("eviction").unwrap();
        assert_eq!(eviction.kind.api_version(), "policy/v1");
        let found = catalog.resource_of("apps", "v1", "Deployment").unwrap();
        assert_eq!(found.plural(), "deployments");
        assert!(catalog.resource("apps", "v1", "pods").is_none());
        assert!(catalog.resource_of("apps", "v2", "Deployment").is_none());
    }

    #[test]
    fn pod_security_policies_are_always_served() {
        let catalog = built_in().unwrap();
        let policies = catalog
            .resource("policy", "v1beta1", "podsecuritypolicies")
            .unwrap();
        assert!(!policies.namespaced);
        assert_eq!(policies.singular, "podsecuritypolicy");
        let versions = &catalog.group("policy").unwrap().versions;
        assert_eq!(versions[0].name, "v1");
    }

    #[test]
    fn events_of_both_groups_are_stored_as_one() {
        let catalog = built_in().unwrap();
        let core = catalog.resource("", "v1", "events").unwrap();
        let other = catalog.resource("events.k8s.io", "v1", "events").unwrap();
        assert_eq!(core.storage, other.storage);
        assert_eq!(core.storage_kind, other.storage_kind);
        assert_eq!(other.conversion, Conversion::Events);
    }

    #[test]
    fn the_schema_knows_every_kind_that_is_served() {
        let catalog = built_in().unwrap();
        for resource in catalog.resources() {
            assert!(type_of(&resource.kind).is_some(), "{:?}", resource.kind);
            assert!(
                type_of(&resource.storage_kind).is_some(),
                "{:?}",
                resource.storage_kind
            );
            if resource.verbs.contains(Verb::List) {
                let list = kind(
                    resource.group(),
                    &resource.kind.version,
                    &resource.list_kind,
                );
                assert!(type_of(&list).is_some(), "{list:?}");
            }
        }
    }
}
