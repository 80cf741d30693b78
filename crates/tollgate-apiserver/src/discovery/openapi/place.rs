//! A resource while its paths are written.

use super::names;
use super::operation::{Content, Media, Operation, Parameter};
use super::parameters as with;
use crate::resources::Resource;
use std::sync::Arc;
use tollgate_api::GroupVersionKind;

/// A resource while its paths are written.
pub(super) struct Place<'r> {
    pub(super) resource: &'r Arc<Resource>,
    /// `/apis/apps/v1`
    pub(super) root: String,
    /// `AppsV1`
    pub(super) group: String,
    pub(super) tag: String,
    /// `Namespaced`, or nothing.
    pub(super) scope: &'static str,
    /// The name of the schema.
    pub(super) schema: String,
}

impl<'r> Place<'r> {
    /// A resource below `root`, whose objects have the schema of that name.
    pub(super) fn new(root: &str, resource: &'r Arc<Resource>, schema: String) -> Self {
        let group = names::of_group(resource.group());
        let version = &resource.kind.version;
        Self {
            resource,
            root: root.to_owned(),
            tag: format!("{}_{version}", names::uncapitalized(&group)),
            group: format!("{group}{}", names::capitalized(version)),
            scope: if resource.namespaced {
                "Namespaced"
            } else {
                ""
            },
            schema,
        }
    }

    /// Where the collection is: in one namespace, if there are such.
    pub(super) fn collection(&self) -> String {
        let (root, plural) = (&self.root, self.resource.plural());
        if self.resource.namespaced {
            format!("{root}/namespaces/{{namespace}}/{plural}")
        } else {
            format!("{root}/{plural}")
        }
    }

    pub(super) fn collection_parameters(&self) -> Vec<Parameter> {
        let namespace = self.resource.namespaced.then_some(with::NAMESPACE);
        namespace.into_iter().chain([with::PRETTY]).collect()
    }

    pub(super) fn object_parameters(&self) -> Vec<Parameter> {
        let mut parameters = vec![with::NAME];
        parameters.extend(self.collection_parameters());
        parameters
    }

    pub(super) fn media(&self, list: bool) -> Media {
        match (self.resource.is_custom(), list) {
            (false, false) => Media::Object,
            (false, true) => Media::List,
            (true, false) => Media::Text,
            (true, true) => Media::TextList,
        }
    }

    pub(super) fn operation(
        &self,
        (method, action): (&'static str, &'static str),
        id: String,
        kind: &GroupVersionKind,
        content: Content,
    ) -> Operation {
        Operation {
            method,
            id,
            tag: self.tag.clone(),
            about: Some((action, kind.clone())),
            parameters: Vec::new(),
            body: None,
            codes: &[200],
            content,
            media: self.media(false),
        }
    }
}
