//! Custom resources: what a CustomResourceDefinition of the input says about its kind.

use compact_str::CompactString;
use tollgate_api::{GroupVersionKind, Value};

/// A kind that a CustomResourceDefinition describes, in one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomResource {
    /// Group, version and kind.
    pub kind: GroupVersionKind,
    /// The plural name in paths and quotas.
    pub plural: CompactString,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// The kinds of a CustomResourceDefinition, one for each served version.
pub fn custom_resources(definition: &Value) -> Vec<CustomResource> {
    let Some(spec) = definition.get("spec") else {
        return Vec::new();
    };
    let Some(names) = spec.get("names") else {
        return Vec::new();
    };
    let versions = spec
        .items("versions")
        .iter()
        .filter(|version| version.bool("served") == Some(true));
    // v1beta1 may say its only version beside the list.
    let single = spec
        .str("version")
        .filter(|_| spec.items("versions").is_empty());
    versions
        .map(|version| version.str_or_empty("name"))
        .chain(single)
        .map(|version| CustomResource {
            kind: GroupVersionKind {
                group: spec.str_or_empty("group").into(),
                version: version.into(),
                kind: names.str_or_empty("kind").into(),
            },
            plural: names.str_or_empty("plural").into(),
            namespaced: spec.str("scope") != Some("Cluster"),
        })
        .collect()
}
