//! The server's state as verbs see it, and one request to it.

use crate::environment::Environment;
use crate::resources::{CatalogCell, Resource};
use crate::storage::{Key, Store};
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_api::value::CompactString;
use tollgate_api::{GroupResource, Release, Timestamp, UserInfo};

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
    /// What the client will be warned of.
    pub warnings: &'a Warnings,
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

    /// The time of the request, as objects hold it.
    pub fn time(&self) -> CompactString {
        self.now.to_string().into()
    }
}
