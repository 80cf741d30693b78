//! One request as plugins see it.

use super::prepared::Prepared;
use crate::audit::Trail;
use crate::auth::Authorizer;
use crate::environment::Environment;
use crate::resources::{CatalogCell, Resource};
use crate::storage::Snapshot;
use crate::verbs::Warnings;
use tollgate_api::{Attributes, Release, Status, Timestamp, Value};

/// A request on its way through the chain, with everything that plugins may look at.
#[derive(Debug, Clone, Copy)]
pub struct Review<'a> {
    /// What is asked. While plugins mutate, the object is given to them apart, and none is in here.
    pub attributes: Attributes<'a>,
    /// The resource in the version in which the request is shown.
    pub resource: &'a Resource,
    /// The resource in the version that the client speaks.
    pub requested: &'a Resource,
    /// The state of the cluster.
    pub snapshot: &'a Snapshot,
    /// What has been prepared of policies.
    pub prepared: &'a Prepared,
    /// What is served.
    pub catalog: &'a CatalogCell,
    /// Who may do what.
    pub authorizer: &'a Authorizer,
    /// What the client will be warned of.
    pub warnings: &'a Warnings,
    /// What the audit log is told.
    pub trail: &'a Trail,
    /// When the request came.
    pub now: Timestamp,
    /// The emulated release.
    pub release: Release,
    /// Chance, for generated names.
    pub environment: &'a dyn Environment,
}

impl<'a> Review<'a> {
    /// Whether the request is about this resource of the core group, and no subresource.
    pub fn is_core(&self, plural: &str) -> bool {
        self.is_in("", plural)
    }

    /// Whether the request is about this resource, and no subresource.
    pub fn is_in(&self, group: &str, plural: &str) -> bool {
        let resource = self.attributes.resource;
        self.attributes.subresource.is_empty()
            && resource.group == group
            && resource.resource == plural
    }

    /// The same request with its object, as validating plugins see it: a name that was generated is known by then.
    pub fn with_object<'b>(&self, object: &'b Value) -> Review<'b>
    where
        'a: 'b,
    {
        let name = match (self.attributes.name, object.get("metadata")) {
            ("", Some(metadata)) => metadata.str_or_empty("name"),
            (name, _) => name,
        };
        Review {
            attributes: Attributes {
                name,
                object: Some(object),
                ..self.attributes
            },
            ..*self
        }
    }

    /// A refusal: `pods "web" is forbidden: <why>`.
    pub fn forbidden(&self, object: Option<&Value>, why: impl std::fmt::Display) -> Status {
        let attributes = Attributes {
            object: object.or(self.attributes.object),
            ..self.attributes
        };
        Status::forbidden(attributes.resource, attributes.printed_name(), why)
    }
}
