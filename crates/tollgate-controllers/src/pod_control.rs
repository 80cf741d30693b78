//! What all controllers that own pods do in the same way: making and deleting pods, and telling people of it.

use crate::context::Context;
use crate::driver::{Cached, Owner};
use crate::events::{EventType, Reference};
use crate::namespaces;
use crate::resources::PODS;
use futures_util::future::join_all;
use tollgate_api::client::{Deletion, GroupVersionResource, Stored};
use tollgate_api::value::CompactString;
use tollgate_api::{Object, Status, Value};

/// The longest name of an object. A prefix that is longer names no pod.
const NAME_LENGTH_MAX: usize = 253;

/// A workload that owns pods or other objects, as their controller.
#[derive(Debug, Clone)]
pub struct Owning {
    /// Its resource.
    pub resource: &'static GroupVersionResource,
    /// What events and references say of it.
    pub reference: Reference,
    /// Whether it is being deleted: then it takes nothing in.
    pub is_deleted: bool,
}

impl Owning {
    /// A workload in the cache.
    pub fn new(resource: &'static GroupVersionResource, kind: &str, object: &Cached) -> Self {
        Self {
            resource,
            reference: Reference::to(&resource.api_version(), kind, object),
            is_deleted: object.meta.deleted.is_some(),
        }
    }

    /// Whether a reference to an owner means it.
    pub fn is(&self, owner: &Owner) -> bool {
        owner.controller && owner.uid == self.reference.uid
    }

    /// The reference by which an object names it as its controller.
    pub fn owner_reference(&self) -> Value {
        let about = &self.reference;
        let mut owner = Value::object();
        owner.set("apiVersion", about.api_version.clone());
        owner.set("kind", about.kind.clone());
        owner.set("name", about.name.clone());
        owner.set("uid", about.uid.clone());
        owner.set("controller", true);
        owner.set("blockOwnerDeletion", true);
        owner
    }

    /// Tells people what happened to it.
    pub fn event(
        &self,
        cx: &Context,
        event_type: EventType,
        reason: &str,
        message: impl Into<String>,
    ) {
        cx.event(self.reference.clone(), event_type, reason, message);
    }
}

/// The beginning of the names of an owner's pods.
pub fn name_prefix(owner: &str) -> CompactString {
    if owner.len() < NAME_LENGTH_MAX {
        CompactString::from(format!("{owner}-"))
    } else {
        owner.into()
    }
}

/// A pod of a template (`metadata` and `spec`), named by the server.
pub fn pod_of_template(owner: &Owning, template: &Value) -> Value {
    let mut metadata = Value::object();
    metadata.set("generateName", name_prefix(&owner.reference.name));
    metadata.set("namespace", owner.reference.namespace.clone());
    let given = template.get("metadata").unwrap_or(&Value::Null);
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(value) = given.get(key) {
            metadata.set(key, value.clone());
        }
    }
    metadata.set("ownerReferences", vec![owner.owner_reference()]);
    let mut pod = Value::object();
    pod.set("apiVersion", "v1");
    pod.set("kind", "Pod");
    pod.set("metadata", metadata);
    pod.set("spec", template.get("spec").cloned().unwrap_or_default());
    pod
}

/// Makes a pod and tells people that it was made or why not.
pub async fn create_pod(cx: &Context, owner: &Owning, pod: Value) -> Result<Stored, Status> {
    let labels = pod.at(&["metadata", "labels"]).and_then(Value::as_object);
    if labels.is_none_or(Object::is_empty) {
        return Err(Status::plain("unable to create pods, no labels"));
    }
    let created = cx.create(&PODS, &owner.reference.namespace, pod).await;
    match &created {
        Ok(stored) => {
            let message = format!("Created pod: {}", name_of(stored));
            owner.event(cx, EventType::Normal, "SuccessfulCreate", message);
        }
        Err(status) => tell_refusal(cx, owner, status),
    }
    created
}

/// Finds out whether a pod could be made, and tells people if not.
pub async fn rehearse_pod(cx: &Context, owner: &Owning, pod: Value) -> Result<(), Status> {
    let rehearsed = cx.rehearse(&PODS, &owner.reference.namespace, pod).await;
    rehearsed
        .map(drop)
        .inspect_err(|status| tell_refusal(cx, owner, status))
}

fn tell_refusal(cx: &Context, owner: &Owning, status: &Status) {
    // A namespace that is being deleted lets no event in, and nobody needs to be told.
    if !namespaces::is_ending(status) {
        let message = format!("Error creating: {status}");
        owner.event(cx, EventType::Warning, "FailedCreate", message);
    }
}

/// Deletes a pod and tells people that it was deleted or why not. That it is gone already is an error, too.
pub async fn delete_pod(cx: &Context, owner: &Owning, pod: &Cached) -> Result<(), Status> {
    let deletion = Deletion {
        uid: Some(pod.meta.uid.clone()),
        ..Deletion::default()
    };
    let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
    match cx.delete(&PODS, namespace, name, deletion).await {
        Ok(_) => {
            let message = format!("Deleted pod: {name}");
            owner.event(cx, EventType::Normal, "SuccessfulDelete", message);
            Ok(())
        }
        Err(status) => {
            if status.code != 404 {
                let message = format!("Error deleting: {status}");
                owner.event(cx, EventType::Warning, "FailedDelete", message);
            }
            Err(status)
        }
    }
}

/// Whether a pod counts: it has not ended and is not being deleted.
pub fn is_active(pod: &Cached) -> bool {
    pod.meta.deleted.is_none() && !pod.phase().is_terminal()
}

/// Whether a pod is being deleted but has not ended yet.
pub fn is_terminating(pod: &Cached) -> bool {
    pod.meta.deleted.is_some() && !pod.phase().is_terminal()
}

/// What came of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// How many succeeded.
    pub succeeded: usize,
    /// How many were not tried because others had failed.
    pub skipped: usize,
    /// The first failure.
    pub failure: Option<Status>,
}

/// Does something `count` times: once, then twice at once, then four times, and stops after the first round with a
/// failure. So what a policy refuses is not asked for thousands of times.
pub async fn slow_start<T, F: Future<Output = Result<T, Status>>>(
    count: usize,
    mut make: impl FnMut(usize) -> F,
) -> Batch {
    let mut done = Batch {
        succeeded: 0,
        skipped: 0,
        failure: None,
    };
    let mut tried = 0_usize;
    let mut round = 1_usize;
    while tried < count && done.failure.is_none() {
        let end = tried.saturating_add(round).min(count);
        for result in join_all((tried..end).map(&mut make)).await {
            match result {
                Ok(_) => done.succeeded = done.succeeded.saturating_add(1),
                Err(status) => done.failure = done.failure.or(Some(status)),
            }
        }
        tried = end;
        round = round.saturating_mul(2);
    }
    done.skipped = count.saturating_sub(tried);
    done
}

/// The name of an object that the server answered with.
pub fn name_of(stored: &Stored) -> CompactString {
    let object = stored.parse().unwrap_or_default();
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    metadata.str_or_empty("name").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::REPLICA_SETS;
    use std::cell::Cell;
    use tollgate_api::json;

    fn owner() -> Owning {
        let stored = Stored {
            json: br#"{"metadata":{"name":"web","namespace":"n","uid":"u"}}"#
                .as_slice()
                .into(),
            revision: 4,
        };
        Owning::new(
            &REPLICA_SETS,
            "ReplicaSet",
            &Cached::new(&stored, false).unwrap(),
        )
    }

    #[test]
    fn a_pod_has_what_its_template_gives_and_its_owner() {
        let template = json::from_str(
            r#"{"metadata":{"labels":{"a":"b"},"annotations":{"c":"d"},"name":"no"},"spec":{"containers":[]}}"#,
        );
        let pod = pod_of_template(&owner(), &template.unwrap());
        let expected = json::from_str(
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"web-","namespace":"n","labels":{"a":"b"},
            "annotations":{"c":"d"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web",
            "uid":"u","controller":true,"blockOwnerDeletion":true}]},"spec":{"containers":[]}}"#,
        );
        assert_eq!(pod, expected.unwrap());
    }

    #[test]
    fn a_name_that_is_too_long_for_a_prefix_is_taken_as_it_is() {
        assert_eq!(name_prefix("web"), "web-");
        let long = "a".repeat(253);
        assert_eq!(name_prefix(&long), long);
    }

    #[tokio::test]
    async fn a_slow_start_stops_after_the_round_that_fails() {
        let tried = Cell::new(0);
        let batch = slow_start(100, |index| {
            tried.set(tried.get() + 1);
            let result = if index == 4 {
                Err(Status::plain("no"))
            } else {
                Ok(())
            };
            std::future::ready(result)
        })
        .await;
        assert_eq!(tried.get(), 7);
        assert_eq!((batch.succeeded, batch.skipped), (6, 93));
        assert_eq!(batch.failure, Some(Status::plain("no")));
        let batch = slow_start(10, |_| std::future::ready(Ok(()))).await;
        assert_eq!((batch.succeeded, batch.skipped), (10, 0));
    }
}
