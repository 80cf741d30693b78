//! NamespaceLifecycle: nothing is made in a namespace that is missing or going, and some namespaces never go.

use crate::admission::{Plugin, Review};
use crate::error;
use tollgate_api::status::Cause;
use tollgate_api::{GroupResource, Operation, Status};

/// Namespaces that are always there.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct NamespaceLifecycle;

impl Plugin for NamespaceLifecycle {
    fn name(&self) -> &'static str {
        "NamespaceLifecycle"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut tollgate_api::Value) -> Result<(), Status> {
        admit(review, Some(object))
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let attributes = &review.attributes;
        if attributes.operation == Operation::Delete
            && review.is_core("namespaces")
            && IMMORTAL.contains(&attributes.name)
        {
            return Err(review.forbidden(None, "this namespace may not be deleted"));
        }
        Ok(())
    }
}

fn admit(review: &Review<'_>, object: Option<&tollgate_api::Value>) -> Result<(), Status> {
    let attributes = &review.attributes;
    let namespace = attributes.namespace;
    let is_write = matches!(attributes.operation, Operation::Create | Operation::Update);
    if namespace.is_empty() || !is_write || is_namespace(review) {
        return Ok(());
    }
    // Anybody may ask what somebody in a namespace may do.
    if attributes.resource.group == "authorization.k8s.io" {
        return Ok(());
    }
    let Some(known) = review.prepared.namespace(review.snapshot, namespace) else {
        let namespaces = GroupResource::new("", "namespaces");
        return Err(error::not_found(&namespaces, namespace));
    };
    if attributes.operation != Operation::Create || !known.is_terminating {
        return Ok(());
    }
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let mut status = review.forbidden(object, why);
    if let Some(details) = &mut status.details {
        details.causes.push(Cause {
            reason: "NamespaceTerminating".to_owned(),
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".to_owned(),
        });
    }
    Err(status)
}

fn is_namespace(review: &Review<'_>) -> bool {
    let resource = review.attributes.resource;
    resource.group.is_empty() && resource.resource == "namespaces"
}
