//! The server's state as verbs see it, and one request to it.

use super::yaml::ReadYaml;
use crate::admission::{Chain, Prepared, Review};
use crate::audit::Trail;
use crate::auth::Authorizer;
use crate::auth::token::request::Issuer;
use crate::environment::Environment;
use crate::quota::Ledger;
use crate::resources::{CatalogCell, Resource};
use crate::storage::{Key, Snapshot, Store};
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::value::CompactString;
use tollgate_api::{Attributes, GroupResource, Operation, Release, Timestamp, UserInfo, Value};

/// Everything that requests share.
#[derive(Debug)]
pub struct Api {
    /// Where objects are kept.
    pub store: Arc<dyn Store>,
    /// What is served.
    pub catalog: CatalogCell,
    /// The time and chance.
    pub environment: Arc<dyn Environment>,
    /// Which release is emulated.
    pub release: Release,
    /// The plugins at the door.
    pub admission: Chain,
    /// What has been prepared for them.
    pub prepared: Prepared,
    /// The quotas of all namespaces.
    pub quotas: Ledger,
    /// Who may do what.
    pub authorizer: Authorizer,
    /// Who makes tokens for service accounts.
    pub issuer: Issuer,
    /// How YAML is read.
    pub read_yaml: ReadYaml,
}

/// What a client is warned of while its request goes on, each text once.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    /// Adds a warning.
    pub fn add(&self, text: impl Into<String>) {
        let text = text.into();
        let mut warnings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !warnings.contains(&text) {
            warnings.push(text);
        }
    }

    /// Takes them all, in order.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One request to one resource.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What requests share.
    pub api: &'a Api,
    /// The resource in the version that the client speaks.
    pub resource: &'a Arc<Resource>,
    /// The subresource, or empty.
    pub subresource: &'a str,
    /// The namespace; empty for cluster-scoped resources and requests for all namespaces.
    pub namespace: &'a str,
    /// The object's name; empty for collections.
    pub name: &'a str,
    /// Who asks.
    pub user: &'a UserInfo,
    /// With which program.
    pub user_agent: &'a str,
    /// What the client will be warned of.
    pub warnings: &'a Warnings,
    /// What the audit log is told.
    pub trail: &'a Trail,
    /// When the request came.
    pub now: Timestamp,
}

impl<'a> Call<'a> {
    /// How messages name the resource.
    pub fn group_resource(&self) -> &'a GroupResource {
        &self.resource.group_resource
    }

    /// The key of the object of that name.
    pub fn key(&self, name: &str) -> Key {
        let storage = &self.resource.storage;
        Key::new(&storage.group, &storage.resource, self.namespace, name)
    }

    /// The prefix of the collection that the request is about.
    pub fn prefix(&self) -> String {
        let storage = &self.resource.storage;
        let namespace =
            (!self.resource.namespaced || !self.namespace.is_empty()).then_some(self.namespace);
        Key::prefix(&storage.group, &storage.resource, namespace)
    }

    /// The request as admission plugins see it, while they change its object.
    pub fn review<'r>(
        &'r self,
        snapshot: &'r Snapshot,
        operation: Operation,
        name: &'r str,
        old_object: Option<&'r Value>,
        dry_run: bool,
    ) -> Review<'r> {
        // A namespace is in itself, as far as plugins are concerned.
        let is_namespace =
            self.resource.group().is_empty() && self.resource.plural() == "namespaces";
        Review {
            attributes: Attributes {
                operation,
                resource: &self.resource.group_resource,
                subresource: self.subresource,
                namespace: if is_namespace { name } else { self.namespace },
                name,
                user: Some(self.user),
                object: None,
                old_object,
                dry_run,
            },
            resource: self.resource,
            requested: self.resource,
            snapshot,
            prepared: &self.api.prepared,
            catalog: &self.api.catalog,
            authorizer: &self.api.authorizer,
            warnings: self.warnings,
            trail: self.trail,
            now: self.now,
            release: self.api.release,
            environment: &*self.api.environment,
        }
    }

    /// The time of the request, as objects hold it.
    pub fn time(&self) -> CompactString {
        self.now.to_string().into()
    }
}
