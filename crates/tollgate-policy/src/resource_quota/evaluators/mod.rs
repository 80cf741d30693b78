//! Evaluators: which quota keys a resource is counted under, and how much an object of it counts.
//!
//! Pods, services, claims for volumes and claims for devices have their own; everything else is counted by number.

mod object_count;
mod persistent_volume_claims;
mod pod_constraints;
mod pod_resources;
mod pods;
mod resource_claims;
mod services;

pub use object_count::{ExtensionsKeys, ObjectCount};
pub use pods::counted_until;
pub use resource_claims::{DeviceClasses, Others};

pub(super) use persistent_volume_claims::STORAGE_CLASS;
pub(super) use pod_constraints::{Constraints, Missing, constraint_bit};
pub(super) use resource_claims::DEVICES;

use super::context::Context;
use super::scopes::{ScopeSelector, SelectorError};
use super::usage::Usage;
use tollgate_api::{Attributes, GroupResource, Operation, Value};

/// Knows how one resource is counted.
#[derive(Debug, Clone)]
pub enum Evaluator {
    /// `pods`
    Pods,
    /// `services`
    Services,
    /// `persistentvolumeclaims`
    PersistentVolumeClaims,
    /// `resourceclaims.resource.k8s.io`
    ResourceClaims,
    /// Any other resource.
    ObjectCount(ObjectCount),
}

impl Evaluator {
    /// The evaluator of a resource. Every resource has one.
    pub fn of(resource: &GroupResource, context: &Context<'_>) -> Self {
        match (resource.group.as_str(), resource.resource.as_str()) {
            ("", "pods") => Self::Pods,
            ("", "services") => Self::Services,
            ("", "persistentvolumeclaims") => Self::PersistentVolumeClaims,
            ("resource.k8s.io", "resourceclaims") => Self::ResourceClaims,
            _ => Self::ObjectCount(ObjectCount::of(resource, context.extensions_keys)),
        }
    }

    /// Whether a request can change what is counted. Others pass without a look at any quota.
    pub(super) fn handles(&self, request: &Attributes<'_>) -> bool {
        let create = request.operation == Operation::Create;
        let update = request.operation == Operation::Update;
        match (self, request.subresource) {
            (Self::Pods, "") => create || (update && pods::terminating_changes(request)),
            (Self::Pods, "resize") => update,
            (Self::PersistentVolumeClaims, "status") => {
                // Upstream means to compare the allocated sizes, but compares pointers that always differ.
                request.object.is_some() && request.old_object.is_some()
            }
            (Self::ObjectCount(_), "") => create,
            (_, "") => create || update,
            _ => false,
        }
    }

    /// Whether the resource is counted under a quota's `key` (`MatchingResources`).
    pub fn claims(&self, key: &str, context: &Context<'_>) -> bool {
        match self {
            Self::Pods => pods::claims(key),
            Self::Services => services::claims(key),
            Self::PersistentVolumeClaims => persistent_volume_claims::claims(key),
            Self::ResourceClaims => resource_claims::claims(key, context.device_classes),
            Self::ObjectCount(count) => count.keys().any(|counted| counted == key),
        }
    }

    /// What an object uses.
    pub fn usage(&self, object: &Value, context: &Context<'_>) -> Usage {
        match self {
            Self::Pods => pods::usage(object, context.now),
            Self::Services => services::usage(object),
            Self::PersistentVolumeClaims => persistent_volume_claims::usage(object),
            Self::ResourceClaims => resource_claims::usage(object, context),
            Self::ObjectCount(count) => count.usage(),
        }
    }

    /// Whether an object is in a scope. Only pods and claims for volumes can be.
    pub fn is_in_scope(
        &self,
        object: &Value,
        selector: &ScopeSelector,
    ) -> Result<bool, SelectorError> {
        match self {
            Self::Pods => selector.holds_pod(object),
            Self::PersistentVolumeClaims => selector.holds_claim(object),
            _ => Ok(false),
        }
    }
}
