//! A definition, read once.

use super::conversion::ConversionHook;
use super::rules::Rules;
use super::scale::ScalePaths;
use super::version::{CustomVersion, Schemas, next_mark};
use crate::patch::CustomSchema;
use crate::resources::{Conversion, Origin, Resource, Subresource, Verbs};
use crate::table::CustomColumns;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{GroupResource, GroupVersionKind, Value};
use tollgate_objects::structural;

/// The finalizer that keeps a definition until its objects are gone.
pub const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// How many bytes of a digest name a storage version.
const HASH_BYTES: usize = 8;

/// Whether a resource is that of definitions.
pub fn is_definition(resource: &Resource) -> bool {
    resource.group() == "apiextensions.k8s.io" && resource.plural() == "customresourcedefinitions"
}

/// A definition as it is stored, and the resources that it makes.
#[derive(Debug, Clone)]
pub struct Definition {
    value: Value,
    resources: Vec<Arc<Resource>>,
}

impl Definition {
    /// Reads a definition.
    pub fn read(value: Value) -> Self {
        let mut definition = Self {
            value,
            resources: Vec::new(),
        };
        if definition.is_served() {
            definition.resources = resources(&definition.value);
        }
        definition
    }

    /// The tree.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The API group.
    pub fn group(&self) -> &str {
        self.value
            .get("spec")
            .map_or("", |spec| spec.str_or_empty("group"))
    }

    /// Its served versions, the preferred one first; none while it is not established.
    pub fn resources(&self) -> &[Arc<Resource>] {
        &self.resources
    }

    /// Whether a condition of that type is true.
    pub fn has_condition(&self, name: &str) -> bool {
        let status = self.value.get("status");
        let conditions = status
            .map(|status| status.items("conditions"))
            .unwrap_or_default();
        conditions.iter().any(|condition| {
            condition.str("type") == Some(name) && condition.str("status") == Some("True")
        })
    }

    /// Whether it is being deleted.
    pub fn is_ending(&self) -> bool {
        self.value.at(&["metadata", "deletionTimestamp"]).is_some()
    }

    fn is_served(&self) -> bool {
        self.has_condition("Established")
    }

    /// Whether another definition serves the same.
    pub fn serves_as(&self, other: &Self) -> bool {
        let names = |of: &Self| of.value.at(&["status", "acceptedNames"]).cloned();
        self.value.get("spec") == other.value.get("spec")
            && names(self) == names(other)
            && self.is_served() == other.is_served()
            && self.is_ending() == other.is_ending()
    }
}

fn texts(holder: &Value, key: &str) -> Vec<CompactString> {
    let items = holder.items(key).iter().filter_map(Value::as_str);
    items.map(CompactString::from).collect()
}

fn resources(definition: &Value) -> Vec<Arc<Resource>> {
    let none = Value::Null;
    let spec = definition.get("spec").unwrap_or(&none);
    let names = definition.at(&["status", "acceptedNames"]).unwrap_or(&none);
    let preserves = spec.bool("preserveUnknownFields") == Some(true);
    let listed = spec.items("versions");
    let versions: BTreeMap<CompactString, Arc<Schemas>> = listed
        .iter()
        .map(|version| {
            let schemas = Arc::new(read_schemas(version, preserves));
            (version.str_or_empty("name").into(), schemas)
        })
        .collect();
    let versions = Arc::new(versions);
    let storage = listed
        .iter()
        .find(|version| version.bool("storage") == Some(true));
    let storage = storage.map_or("", |version| version.str_or_empty("name"));
    let mut served: Vec<&Value> = listed
        .iter()
        .filter(|version| version.bool("served") == Some(true))
        .collect();
    served.sort_by_key(|version| Reverse(priority(version.str_or_empty("name"))));
    let context = Context {
        spec,
        names,
        storage,
        versions: &versions,
        conversion: ConversionHook::read(spec).map(Arc::new),
        is_ending: definition.at(&["metadata", "deletionTimestamp"]).is_some(),
    };
    let read = served
        .into_iter()
        .filter_map(|version| context.resource(version));
    read.map(Arc::new).collect()
}

fn read_schemas(version: &Value, preserves: bool) -> Schemas {
    let written = version.at(&["schema", "openAPIV3Schema"]).cloned();
    let schema = written.clone().unwrap_or_else(|| {
        let mut schema = Value::object();
        schema.set("type", "object");
        schema.set("x-kubernetes-preserve-unknown-fields", true);
        schema
    });
    let mut structural = structural::Schema::read(&schema);
    structural.preserves_unknown |= preserves;
    Schemas {
        structural,
        rules: Rules::read(&schema),
        apply: CustomSchema::new(&schema, preserves),
        written,
    }
}

/// Versions in the order in which clients like them: stable ones first, new ones first.
pub(super) fn priority(version: &str) -> (u8, u64, u64, Reverse<String>) {
    let name = || Reverse(version.to_owned());
    let other = (0, 0, 0, name());
    let Some(rest) = version.strip_prefix('v') else {
        return other;
    };
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (major, rest) = rest.split_at(digits);
    let Ok(major) = major.parse() else {
        return other;
    };
    let (level, minor) = if rest.is_empty() {
        (3, "0")
    } else if let Some(minor) = rest.strip_prefix("beta") {
        (2, minor)
    } else if let Some(minor) = rest.strip_prefix("alpha") {
        (1, minor)
    } else {
        return other;
    };
    match minor.parse() {
        Ok(minor) => (level, major, minor, name()),
        Err(_) => other,
    }
}

struct Context<'a> {
    spec: &'a Value,
    names: &'a Value,
    storage: &'a str,
    versions: &'a Arc<BTreeMap<CompactString, Arc<Schemas>>>,
    conversion: Option<Arc<ConversionHook>>,
    is_ending: bool,
}

impl Context<'_> {
    fn kind(&self, version: &str) -> GroupVersionKind {
        GroupVersionKind {
            group: self.spec.str_or_empty("group").into(),
            version: version.into(),
            kind: self.names.str_or_empty("kind").into(),
        }
    }

    fn resource(&self, version: &Value) -> Option<Resource> {
        let name = version.str_or_empty("name");
        let kind = self.kind(name);
        let plural = self.names.str_or_empty("plural");
        let storage_kind = self.kind(self.storage);
        let group_resource = GroupResource::new(kind.group.as_str(), plural);
        let verbs = if self.is_ending {
            Verbs::named(["delete", "deletecollection", "get", "list", "watch"])
        } else {
            Verbs::ALL
        };
        Some(Resource {
            list_kind: self.names.str_or_empty("listKind").into(),
            storage: group_resource.clone(),
            group_resource,
            singular: self.names.str_or_empty("singular").into(),
            namespaced: self.spec.str("scope") == Some("Namespaced"),
            verbs,
            short_names: texts(self.names, "shortNames"),
            categories: texts(self.names, "categories"),
            storage_version_hash: hash(&storage_kind),
            subresources: self.subresources(version, &kind),
            conversion: if kind == storage_kind {
                Conversion::None
            } else {
                Conversion::Relabel
            },
            origin: Origin::Custom(Arc::new(CustomVersion {
                mark: next_mark(),
                schemas: Arc::clone(self.versions.get(name)?),
                versions: Arc::clone(self.versions),
                storage: self.storage.into(),
                columns: CustomColumns::new(version),
                selectable: version
                    .items("selectableFields")
                    .iter()
                    .filter_map(|field| field.str("jsonPath")?.strip_prefix('.'))
                    .map(CompactString::from)
                    .collect(),
                scale: version.at(&["subresources", "scale"]).map(ScalePaths::read),
                conversion: self.conversion.clone(),
                warning: self.warning(version, &kind),
                kind: kind.clone(),
            })),
            storage_kind,
            kind,
        })
    }

    fn subresources(&self, version: &Value, kind: &GroupVersionKind) -> Vec<Subresource> {
        let verbs = if self.is_ending {
            Verbs::named(["get"])
        } else {
            Verbs::named(["get", "patch", "update"])
        };
        let mut subresources = Vec::new();
        if version.at(&["subresources", "status"]).is_some() {
            subresources.push(Subresource {
                name: "status".into(),
                kind: kind.clone(),
                names_its_group: false,
                verbs,
            });
        }
        if version.at(&["subresources", "scale"]).is_some() {
            subresources.push(Subresource {
                name: "scale".into(),
                kind: GroupVersionKind::new("autoscaling/v1", "Scale"),
                names_its_group: true,
                verbs,
            });
        }
        subresources
    }

    /// What clients of a deprecated version are warned of.
    fn warning(&self, version: &Value, kind: &GroupVersionKind) -> Option<String> {
        if version.bool("deprecated") != Some(true) {
            return None;
        }
        if let Some(warning) = version.str("deprecationWarning") {
            return Some(warning.to_owned());
        }
        let own = priority(&kind.version);
        let newer = self.spec.items("versions").iter().filter(|other| {
            other.bool("served") == Some(true) && other.bool("deprecated") != Some(true)
        });
        let newer = newer.map(|other| other.str_or_empty("name"));
        let newer = newer
            .filter(|name| priority(name) > own)
            .max_by_key(|name| priority(name));
        let (name, old) = (&kind.kind, kind.api_version());
        Some(match newer {
            Some(newer) => format!(
                "{old} {name} is deprecated; use {}/{newer} {name}",
                kind.group
            ),
            None => format!("{old} {name} is deprecated"),
        })
    }
}

/// Upstream's name of a storage version.
fn hash(kind: &GroupVersionKind) -> CompactString {
    let text = format!("{}/{}/{}", kind.group, kind.version, kind.kind);
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let start = digest.as_ref().get(..HASH_BYTES).unwrap_or_default();
    BASE64_STANDARD.encode(start).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn a_storage_version_has_the_name_that_upstream_gives_it() {
        let kind = GroupVersionKind::new("lifedev.example.com/v1", "Ship");
        assert_eq!(hash(&kind), "zvRF3qtd+Bg=");
        let kind = GroupVersionKind::new("clusterdev.example.com/v1", "Farm");
        assert_eq!(hash(&kind), "UtwQ3Hkj5ZE=");
    }

    #[test]
    fn stable_and_new_versions_come_first() {
        let mut versions = ["foo", "v1beta1", "v2alpha1", "v10", "v1", "v1beta2", "bar"];
        versions.sort_by_key(|name| Reverse(priority(name)));
        assert_eq!(
            versions,
            ["v10", "v1", "v1beta2", "v1beta1", "v2alpha1", "bar", "foo"]
        );
    }

    #[test]
    fn only_an_established_definition_serves_its_versions() {
        let text = |status: &str| {
            format!(
                r#"{{"metadata":{{"name":"as.x.y"}},"spec":{{"group":"x.y","scope":"Namespaced","names":{{"plural":"as","kind":"A"}},
                "versions":[{{"name":"v1beta1","served":true,"storage":false,"deprecated":true}},{{"name":"v1","served":true,"storage":true}},{{"name":"v0","served":false}}]}},
                "status":{{"acceptedNames":{{"plural":"as","singular":"a","kind":"A","listKind":"AList"}},"conditions":[{{"type":"Established","status":"{status}"}}]}}}}"#
            )
        };
        let read = |status: &str| Definition::read(from_str(&text(status)).unwrap());
        assert!(read("False").resources().is_empty());
        let definition = read("True");
        let kinds: Vec<_> = definition
            .resources()
            .iter()
            .map(|found| found.kind.version.as_str())
            .collect();
        assert_eq!(kinds, ["v1", "v1beta1"]);
        let old = super::super::custom_of(&definition.resources()[1]).unwrap();
        assert_eq!(
            old.warning.as_deref(),
            Some("x.y/v1beta1 A is deprecated; use x.y/v1 A")
        );
    }
}
