//! NodeRestriction: a node changes only itself, and the pods that are bound to it. Off until it is enabled.

mod nodes;
mod pods;
mod tokens;

use crate::admission::{Plugin, Review};
use crate::auth::node::node_of;
use crate::error;
use crate::storage::Key;
use crate::verbs::record;
use tollgate_api::go_format::quote;
use tollgate_api::{GroupResource, Operation, Status, Value};

/// The namespace of the leases by which nodes show that they live.
const LEASES: &str = "kube-node-lease";

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct NodeRestriction;

impl Plugin for NodeRestriction {
    fn name(&self) -> &'static str {
        "NodeRestriction"
    }

    fn is_default(&self) -> bool {
        false
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        restrict(review, object)
    }

    /// Deletions have no object that could be changed, so they are judged here.
    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        if review.attributes.operation != Operation::Delete {
            return Ok(());
        }
        restrict(review, &Value::Null)
    }
}

/// A request of a node.
#[derive(Debug, Clone, Copy)]
struct Restricted<'r> {
    review: &'r Review<'r>,
    node: &'r str,
    /// What is to be; null on deletion.
    object: &'r Value,
}

fn restrict(review: &Review<'_>, object: &Value) -> Result<(), Status> {
    let attributes = &review.attributes;
    let Some(user) = attributes.user else {
        return Ok(());
    };
    let Some(node) = node_of(user) else {
        return Ok(());
    };
    let request = Restricted {
        review,
        node,
        object,
    };
    if node.is_empty() {
        let user = quote(&user.name);
        return request.refuse(format!("could not determine node from user {user}"));
    }
    let resource = attributes.resource;
    match (resource.group.as_str(), resource.resource.as_str()) {
        ("", "pods") => request.pod(),
        ("", "nodes") => request.node(),
        ("", "persistentvolumeclaims") if attributes.subresource == "status" => {
            request.claim_status()
        }
        ("", "persistentvolumeclaims") => request.refuse("may only update PVC status"),
        ("", "serviceaccounts") => request.token(),
        ("coordination.k8s.io", "leases") => request.lease(),
        ("storage.k8s.io", "csinodes") => request.csi_node(),
        ("resource.k8s.io", "resourceslices") => request.slice(),
        ("certificates.k8s.io", "certificatesigningrequests") => request.signing_request(),
        _ => Ok(()),
    }
}

impl Restricted<'_> {
    fn operation(&self) -> Operation {
        self.review.attributes.operation
    }

    fn refuse(&self, why: impl std::fmt::Display) -> Result<(), Status> {
        let object = Some(self.object).filter(|object| !object.is_null());
        Err(self.review.forbidden(object, why))
    }

    /// The object as it was; null if there was none.
    fn old(&self) -> &Value {
        self.review.attributes.old_object.unwrap_or(&Value::Null)
    }

    /// The name of the object, from the body if it is to be created.
    fn name(&self) -> &str {
        match self.operation() {
            Operation::Create => text(self.object, &["metadata", "name"]),
            _ => self.review.attributes.name,
        }
    }

    /// A stored object, or the 404 that says that there is none.
    fn stored(
        &self,
        kind: &str,
        plural: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, Status> {
        let key = Key::new("", plural, namespace, name);
        let found = self.review.snapshot.get(key.as_str());
        let missing = || error::not_found(&GroupResource::new("", kind), name);
        let found = found.ok_or_else(missing)?;
        record::parse(&found.value, found.revision)
    }

    fn lease(&self) -> Result<(), Status> {
        if self.review.attributes.namespace != LEASES {
            let namespace = quote(LEASES);
            return self.refuse(format!(
                "can only access leases in the {namespace} system namespace"
            ));
        }
        if self.name() != self.node {
            return self
                .refuse("can only access node lease with the same name as the requesting node");
        }
        Ok(())
    }

    fn csi_node(&self) -> Result<(), Status> {
        if self.name() != self.node {
            return self
                .refuse("can only access CSINode with the same name as the requesting node");
        }
        Ok(())
    }

    fn slice(&self) -> Result<(), Status> {
        let (slice, verb) = match self.operation() {
            Operation::Create => (self.object, "create"),
            Operation::Delete => (self.old(), "delete"),
            _ => return Ok(()),
        };
        if text(slice, &["spec", "nodeName"]) != self.node {
            return self.refuse(format!(
                "can only {verb} ResourceSlice with the same NodeName as the requesting node"
            ));
        }
        Ok(())
    }

    /// A claim whose status a node writes may differ only where its size does.
    fn claim_status(&self) -> Result<(), Status> {
        if self.operation() != Operation::Update {
            return self.unexpected();
        }
        let bare = |claim: &Value| {
            let mut claim = claim.clone();
            for (part, keys) in [
                ("metadata", &["resourceVersion", "managedFields"][..]),
                (
                    "status",
                    &[
                        "capacity",
                        "conditions",
                        "allocatedResourceStatuses",
                        "allocatedResources",
                    ],
                ),
            ] {
                let part = claim.child_mut(part);
                for key in keys {
                    part.remove(key);
                }
            }
            claim
        };
        let (old, new) = (bare(self.old()), bare(self.object));
        if old == new {
            return Ok(());
        }
        let parts = ["metadata", "spec", "status"].into_iter();
        let parts: Vec<&str> = parts
            .filter(|part| old.get(part) != new.get(part))
            .collect();
        self.refuse(format!(
            "node {} is not allowed to update fields other than status.capacity and status.conditions: {}",
            quote(self.node),
            parts.join(", ")
        ))
    }

    fn unexpected(&self) -> Result<(), Status> {
        let operation = quote(self.operation().as_str());
        self.refuse(format!("unexpected operation {operation}"))
    }
}

fn text<'v>(value: &'v Value, place: &[&str]) -> &'v str {
    value.at(place).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
