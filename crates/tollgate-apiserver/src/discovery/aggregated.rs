//! Aggregated discovery: all of a root's groups, versions and resources in one document.

use crate::resources::{Catalog, Resource, Subresource, Version};
use tollgate_api::value::CompactString;
use tollgate_api::{GroupVersionKind, Value};

/// The parameters of the media type that asks for such a document, besides `as`.
pub const GROUP: &str = "apidiscovery.k8s.io";
/// The version that is served; 1.36 no longer serves `v2beta1`.
pub const VERSION: &str = "v2";
/// The kind of the document.
pub const KIND: &str = "APIGroupDiscoveryList";

/// Which of the two roots a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `/api`: the core group, which has no name.
    Core,
    /// `/apis`: the named groups.
    Named,
}

/// The document of a root.
pub fn document(catalog: &Catalog, root: Root) -> Value {
    let items: Vec<Value> = catalog
        .groups()
        .iter()
        .filter(|group| group.name.is_empty() == (root == Root::Core))
        .map(|group| {
            let mut metadata = Value::object();
            if root == Root::Named {
                metadata.set("name", group.name.clone());
            }
            let versions: Vec<Value> = group.versions.iter().map(version).collect();
            entries([("metadata", metadata), ("versions", Value::Array(versions))])
        })
        .collect();
    entries([
        ("kind", KIND.into()),
        ("apiVersion", format!("{GROUP}/{VERSION}").into()),
        ("metadata", Value::object()),
        ("items", Value::Array(items)),
    ])
}

fn entries<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    entries.into_iter().collect()
}

fn version(version: &Version) -> Value {
    let resources: Vec<Value> = version.resources.iter().map(|of| resource(of)).collect();
    entries([
        ("version", version.name.clone().into()),
        ("resources", Value::Array(resources)),
        ("freshness", "Current".into()),
    ])
}

fn resource(resource: &Resource) -> Value {
    let scope = if resource.namespaced {
        "Namespaced"
    } else {
        "Cluster"
    };
    let mut listed = entries([
        ("resource", resource.plural().into()),
        ("responseKind", response_kind(&resource.kind, false)),
        ("scope", scope.into()),
        ("singularResource", resource.singular.clone().into()),
        ("verbs", words(resource.verb_names().into_iter())),
    ]);
    if !resource.short_names.is_empty() {
        listed.set(
            "shortNames",
            words(resource.short_names.iter().map(CompactString::as_str)),
        );
    }
    if !resource.categories.is_empty() {
        listed.set(
            "categories",
            words(resource.categories.iter().map(CompactString::as_str)),
        );
    }
    if !resource.subresources.is_empty() {
        let subresources: Vec<Value> = resource.subresources.iter().map(subresource).collect();
        listed.set("subresources", Value::Array(subresources));
    }
    listed
}

fn subresource(subresource: &Subresource) -> Value {
    entries([
        ("subresource", subresource.name.clone().into()),
        (
            "responseKind",
            response_kind(&subresource.kind, subresource.names_its_group),
        ),
        ("verbs", words(subresource.verbs.names())),
    ])
}

/// Group and version stand only where they differ from those of the place in the document.
fn response_kind(kind: &GroupVersionKind, in_full: bool) -> Value {
    let said = |text: &str| Value::from(if in_full { text } else { "" });
    entries([
        ("group", said(&kind.group)),
        ("version", said(&kind.version)),
        ("kind", kind.kind.clone().into()),
    ])
}

fn words<'w>(words: impl Iterator<Item = &'w str>) -> Value {
    Value::Array(words.map(Value::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::built_in;
    use flate2::read::GzDecoder;
    use std::io::Read as _;
    use tollgate_api::json;
    use tollgate_objects::schema::discovery;

    /// A version and the names of its resources.
    type Listed = (String, Vec<String>);

    fn recorded() -> Value {
        let mut text = String::new();
        GzDecoder::new(discovery::PACKED_1_36)
            .read_to_string(&mut text)
            .unwrap();
        json::from_str(&text).unwrap()
    }

    /// The document with the names of resources alone, as the recording has it, without what only we serve.
    fn names(document: &Value) -> Vec<(String, Vec<Listed>)> {
        let name = |resource: &Value| {
            let text = resource.as_str().or_else(|| resource.str("resource"));
            text.unwrap().to_owned()
        };
        let versions = |group: &Value| {
            group
                .items("versions")
                .iter()
                .filter(|version| {
                    version.str("version") != Some("v1beta1")
                        || group.at(&["metadata", "name"]).unwrap().as_str() != Some("policy")
                })
                .map(|version| {
                    let resources = version.items("resources").iter().map(name).collect();
                    (version.str_or_empty("version").to_owned(), resources)
                })
                .collect()
        };
        let groups = document.items("items").iter();
        groups
            .map(|group| {
                let metadata = group.get("metadata").unwrap();
                (metadata.str_or_empty("name").to_owned(), versions(group))
            })
            .collect()
    }

    #[test]
    fn the_documents_are_those_of_a_real_server() {
        let catalog = built_in().unwrap();
        let recorded = recorded();
        for (root, path) in [(Root::Core, "/api"), (Root::Named, "/apis")] {
            let expected = recorded.at(&["aggregated", path]).unwrap();
            let got = document(&catalog, root);
            for key in ["kind", "apiVersion", "metadata"] {
                assert_eq!(got.get(key), expected.get(key), "{path} {key}");
            }
            assert_eq!(names(&got), names(expected), "{path}");
        }
    }

    #[test]
    fn resources_are_listed_as_a_real_server_lists_them() {
        let catalog = built_in().unwrap();
        let recorded = recorded();
        for (name, example) in [
            ("pods", "exampleResourcePods"),
            ("bindings", "exampleOnlySubresource"),
        ] {
            let expected = recorded.at(&["aggregated", example]).unwrap();
            let found = catalog.resource("", "v1", name).unwrap();
            assert_eq!(&resource(found), expected, "{name}");
        }
    }
}
