//! The paths of a version: what can be done with each of its resources.

use super::names;
use super::operation::{Body, Content, Media, Operation, Parameter, Path};
use super::parameters as with;
use super::place::Place;
use super::schemas::Schemas;
use super::special;
use crate::resources::{Resource, Subresource, Verb, Verbs};
use std::sync::Arc;
use tollgate_api::GroupVersionKind;

const ANY: &[&str] = &["*/*"];
const PATCHES: &[&str] = &[
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];
const CUSTOM_PATCHES: &[&str] = &[
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
];

/// Writes down the paths of resources, and which schemas they need.
pub(super) struct Writer<'w, 'f> {
    schemas: &'w mut Schemas<'f>,
    paths: Vec<Path>,
}

impl<'w, 'f> Writer<'w, 'f> {
    pub(super) fn new(schemas: &'w mut Schemas<'f>) -> Self {
        Self {
            schemas,
            paths: Vec::new(),
        }
    }

    /// The paths, in order.
    pub(super) fn finish(mut self) -> Vec<Path> {
        self.paths.sort_by(|a, b| a.text.cmp(&b.text));
        self.paths
    }

    /// A document at a fixed path: one that is only read.
    pub(super) fn document(
        &mut self,
        path: &str,
        id: String,
        tag: String,
        content: Content,
        media: Media,
    ) {
        self.paths.push(Path {
            text: path.to_owned(),
            parameters: Vec::new(),
            operations: vec![Operation {
                method: "get",
                id,
                tag,
                about: None,
                parameters: Vec::new(),
                body: None,
                codes: &[200],
                content,
                media,
            }],
        });
    }

    /// All that can be done with a resource.
    pub(super) fn resource(&mut self, root: &str, resource: &Arc<Resource>) {
        let Some(schema) = self.schemas.add_resource(resource) else {
            return;
        };
        let place = Place::new(root, resource, schema);
        self.collection(&place);
        self.object(&place);
        self.watches(&place);
        for sub in &resource.subresources {
            self.subresource(&place, sub);
        }
    }

    fn collection(&mut self, place: &Place<'_>) {
        let resource = place.resource;
        let (group, scope, kind) = (&place.group, place.scope, &resource.kind.kind);
        let mut operations = Vec::new();
        let list = self.schemas.add_list(resource).map(Content::Schema);
        let list = list.filter(|_| resource.verbs.contains(Verb::List));
        if let Some(content) = &list {
            let id = format!("list{group}{scope}{kind}");
            operations.push(Self::list(place, id, content.clone()));
        }
        if resource.verbs.contains(Verb::Create) {
            let id = format!("create{group}{scope}{kind}");
            operations.push(Self::create(place, id, &resource.kind, &place.schema));
        }
        if resource.verbs.contains(Verb::DeleteCollection) {
            let id = format!("delete{group}Collection{scope}{kind}");
            let mut deletion = self.delete(place, id, "deletecollection");
            deletion.codes = &[200];
            deletion.parameters = with::DELETE_COLLECTION.to_vec();
            operations.push(deletion);
        }
        self.paths.push(Path {
            text: place.collection(),
            parameters: place.collection_parameters(),
            operations,
        });
        if let (true, Some(content)) = (resource.namespaced, list) {
            let id = format!("list{group}{kind}ForAllNamespaces");
            let mut all = Self::list(place, id, content);
            all.parameters.push(with::PRETTY);
            self.paths.push(Path {
                text: format!("{}/{}", place.root, resource.plural()),
                parameters: Vec::new(),
                operations: vec![all],
            });
        }
    }

    fn list(place: &Place<'_>, id: String, content: Content) -> Operation {
        Operation {
            parameters: with::LIST.to_vec(),
            media: place.media(true),
            ..place.operation(("get", "list"), id, &place.resource.kind, content)
        }
    }

    fn create(place: &Place<'_>, id: String, kind: &GroupVersionKind, schema: &str) -> Operation {
        Operation {
            parameters: with::WRITE.to_vec(),
            body: Some(Body {
                schema: schema.to_owned(),
                media: ANY,
                required: true,
            }),
            codes: &[200, 201, 202],
            ..place.operation(
                ("post", "post"),
                id,
                kind,
                Content::Schema(schema.to_owned()),
            )
        }
    }

    fn delete(&mut self, place: &Place<'_>, id: String, action: &'static str) -> Operation {
        let meta = |kind| GroupVersionKind::new("v1", kind);
        let status = self.schemas.add_kind(&meta("Status")).unwrap_or_default();
        let options = self.schemas.add_kind(&meta("DeleteOptions"));
        Operation {
            parameters: with::DELETE.to_vec(),
            body: options.map(|schema| Body {
                schema,
                media: ANY,
                required: false,
            }),
            codes: &[200, 202],
            ..place.operation(
                ("delete", action),
                id,
                &place.resource.kind,
                Content::Schema(status),
            )
        }
    }

    fn object(&mut self, place: &Place<'_>) {
        let resource = place.resource;
        let (group, scope, kind) = (&place.group, place.scope, &resource.kind.kind);
        let name = format!("{group}{scope}{kind}");
        let mut operations =
            self.reads_and_writes(place, resource.verbs, &name, &resource.kind, &place.schema);
        if resource.verbs.contains(Verb::Delete) {
            operations.push(self.delete(place, format!("delete{name}"), "delete"));
        }
        if !operations.is_empty() {
            self.paths.push(Path {
                text: format!("{}/{{name}}", place.collection()),
                parameters: place.object_parameters(),
                operations,
            });
        }
    }

    /// Get, update and patch: of objects and of their parts.
    fn reads_and_writes(
        &mut self,
        place: &Place<'_>,
        verbs: Verbs,
        name: &str,
        kind: &GroupVersionKind,
        schema: &str,
    ) -> Vec<Operation> {
        let content = || Content::Schema(schema.to_owned());
        let mut operations = Vec::new();
        if verbs.contains(Verb::Get) {
            operations.push(place.operation(
                ("get", "get"),
                format!("read{name}"),
                kind,
                content(),
            ));
        }
        if verbs.contains(Verb::Update) {
            operations.push(Operation {
                parameters: with::WRITE.to_vec(),
                body: Some(Body {
                    schema: schema.to_owned(),
                    media: ANY,
                    required: true,
                }),
                codes: &[200, 201],
                ..place.operation(("put", "put"), format!("replace{name}"), kind, content())
            });
        }
        if verbs.contains(Verb::Patch) {
            let is_custom = place.resource.is_custom();
            operations.push(Operation {
                parameters: with::PATCH.to_vec(),
                body: Some(Body {
                    schema: self.schemas.add_special(special::PATCH),
                    media: if is_custom { CUSTOM_PATCHES } else { PATCHES },
                    required: true,
                }),
                codes: &[200, 201],
                ..place.operation(("patch", "patch"), format!("patch{name}"), kind, content())
            });
        }
        operations
    }

    /// The paths of old clients, which name the verb.
    fn watches(&mut self, place: &Place<'_>) {
        let resource = place.resource;
        if !resource.verbs.contains(Verb::Watch) {
            return;
        }
        let event = self
            .schemas
            .add_kind(&GroupVersionKind::new("v1", "WatchEvent"));
        let Some(event) = event else { return };
        let (group, scope, kind) = (&place.group, place.scope, &resource.kind.kind);
        let watch = |action, id| Operation {
            media: place.media(true),
            ..place.operation(
                ("get", action),
                id,
                &resource.kind,
                Content::Schema(event.clone()),
            )
        };
        let watched = |path: String| {
            let (root, rest) = (place.root.as_str(), path);
            format!("{root}/watch{}", rest.strip_prefix(root).unwrap_or(&rest))
        };
        let listed = |parameters: Vec<Parameter>| -> Vec<Parameter> {
            parameters.into_iter().chain(with::LIST).collect()
        };
        self.paths.push(Path {
            text: watched(place.collection()),
            parameters: listed(place.collection_parameters()),
            operations: vec![watch("watchlist", format!("watch{group}{scope}{kind}List"))],
        });
        self.paths.push(Path {
            text: watched(format!("{}/{{name}}", place.collection())),
            parameters: listed(place.object_parameters()),
            operations: vec![watch("watch", format!("watch{group}{scope}{kind}"))],
        });
        if resource.namespaced {
            self.paths.push(Path {
                text: watched(format!("{}/{}", place.root, resource.plural())),
                parameters: listed(vec![with::PRETTY]),
                operations: vec![watch(
                    "watchlist",
                    format!("watch{group}{kind}ListForAllNamespaces"),
                )],
            });
        }
    }

    fn subresource(&mut self, place: &Place<'_>, sub: &Subresource) {
        let resource = place.resource;
        let (group, scope, kind) = (&place.group, place.scope, &resource.kind.kind);
        let name = format!("{group}{scope}{kind}{}", names::capitalized(&sub.name));
        let path = format!("{}/{{name}}/{}", place.collection(), sub.name);
        let mut operations = Vec::new();
        if sub.kind.kind.ends_with("Options") {
            self.connections(place, sub, &path);
            return;
        } else if sub.name == "log" {
            let options = GroupVersionKind::new("v1", "PodLogOptions");
            operations.push(Operation {
                parameters: with::of_options(&options),
                media: Media::Other("text/plain"),
                ..place.operation(
                    ("get", "get"),
                    format!("read{name}"),
                    &sub.kind,
                    Content::Text,
                )
            });
        } else {
            let schema = if sub.kind == resource.kind {
                Some(place.schema.clone())
            } else {
                self.schemas.add_kind(&sub.kind)
            };
            let Some(schema) = schema else { return };
            operations = self.reads_and_writes(place, sub.verbs, &name, &sub.kind, &schema);
            if sub.verbs.contains(Verb::Create) {
                operations.push(Self::create(
                    place,
                    format!("create{name}"),
                    &sub.kind,
                    &schema,
                ));
            }
        }
        self.paths.push(Path {
            text: path,
            parameters: place.object_parameters(),
            operations,
        });
    }

    /// What goes on over the connection afterwards is no API object.
    fn connections(&mut self, place: &Place<'_>, sub: &Subresource, path: &str) {
        let (group, scope, kind) = (&place.group, place.scope, &place.resource.kind.kind);
        let options = with::of_options(&sub.kind);
        let part = names::capitalized(&sub.name);
        let methods = [
            (Verb::Get, "get", "Get"),
            (Verb::Create, "post", "Post"),
            (Verb::Update, "put", "Put"),
            (Verb::Patch, "patch", "Patch"),
            (Verb::Delete, "delete", "Delete"),
        ];
        let operations = |suffix: &str| -> Vec<Operation> {
            let offered = methods
                .iter()
                .filter(|(verb, ..)| sub.verbs.contains(*verb));
            let operation = |(_, method, named): &(Verb, &'static str, &str)| Operation {
                media: Media::Other("*/*"),
                ..place.operation(
                    (*method, "connect"),
                    format!("connect{group}{named}{scope}{kind}{part}{suffix}"),
                    &sub.kind,
                    Content::Text,
                )
            };
            offered.map(operation).collect()
        };
        let mut parameters = place.object_parameters();
        parameters.retain(|parameter| *parameter != with::PRETTY);
        parameters.extend(&options);
        self.paths.push(Path {
            text: path.to_owned(),
            parameters: parameters.clone(),
            operations: operations(""),
        });
        if sub.name == "proxy" {
            // The query's path and that of the URL would have one name.
            parameters.retain(|parameter| parameter.name != "path");
            parameters.push(with::PATH);
            self.paths.push(Path {
                text: format!("{path}/{{path}}"),
                parameters,
                operations: operations("WithPath"),
            });
        }
    }
}
