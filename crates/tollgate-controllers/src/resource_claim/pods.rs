//! What pods need: claims made of templates, and their names in the pod's status.

use super::{POD_CLAIM_NAME, entries, is_done, named};
use crate::context::Context;
use crate::controller::{Key, Outcome, Requeue};
use crate::driver::Cached;
use crate::events::{EventType, Reference};
use crate::gone;
use crate::namespaces;
use crate::resources::{PODS, RESOURCE_CLAIM_TEMPLATES, RESOURCE_CLAIMS};
use std::sync::Arc;
use tollgate_api::client::{PatchKind, Target};
use tollgate_api::{Status, Value};

/// How long the beginning of a generated name may be.
const BASE_BYTES_MAX: usize = 57;
/// How many pods may share a claim.
const CONSUMERS_MAX: usize = 256;

/// Makes the claims of a pod that are missing.
pub(super) async fn settle(context: &Context, key: &Key) -> Outcome {
    let pod = context.cache.get(&PODS, &key.namespace, &key.name);
    let Some(pod) = pod.filter(|pod| pod.meta.deleted.is_none() && !is_done(pod)) else {
        return Ok(Requeue::No);
    };
    let object = pod.object()?;
    let mut made = Vec::new();
    for entry in entries(&object) {
        match make_one(context, &pod, &object, entry).await {
            Ok(name) => made.extend(name.map(|name| (entry.str_or_empty("name"), name))),
            Err(status) if namespaces::is_ending(&status) => return Ok(Requeue::No),
            Err(status) => {
                let about = Reference::to("v1", "Pod", &pod);
                let name = entry.str_or_empty("name");
                let message = format!("PodResourceClaim {name}: {}", status.message);
                context.event(
                    about,
                    EventType::Warning,
                    "FailedResourceClaimCreation",
                    message,
                );
                return Err(status);
            }
        }
    }
    if !made.is_empty() {
        return note(context, &pod, &made).await;
    }
    if pod.pod.as_ref().is_some_and(|state| !state.node.is_empty()) {
        reserve(context, &pod, &object).await?;
    }
    Ok(Requeue::No)
}

/// Writes the names of new claims into the status of their pod.
async fn note(context: &Context, pod: &Cached, made: &[(&str, String)]) -> Outcome {
    let statuses = made.iter().map(|(entry, claim)| {
        let mut status = Value::object();
        status.set("name", *entry);
        status.set("resourceClaimName", claim.as_str());
        status
    });
    let mut patch = Value::object();
    patch.child_mut("metadata").set("uid", pod.meta.uid.clone());
    let statuses = Value::Array(statuses.collect());
    patch
        .child_mut("status")
        .set("resourceClaimStatuses", statuses);
    let target = Target::object(&PODS, &pod.meta.namespace, &pod.meta.name).sub("status");
    gone::outcome(context.patch(target, PatchKind::Strategic, patch).await)
}

/// Makes the claim of an entry, if it needs one. Its name, if the pod's status does not have it.
async fn make_one(
    context: &Context,
    pod: &Arc<Cached>,
    object: &Value,
    entry: &Value,
) -> Result<Option<String>, Status> {
    let namespace = &pod.meta.namespace;
    if let Some((name, is_own)) = named(object, entry) {
        let claim = context.cache.get(&RESOURCE_CLAIMS, namespace, name);
        let fits = claim.is_some_and(|claim| !is_own || is_of(&claim, pod));
        if name.is_empty() || fits {
            return Ok(None);
        }
    }
    let Some(template) = entry.str("resourceClaimTemplateName") else {
        return Ok(None);
    };
    let name = entry.str_or_empty("name");
    for claim in context
        .cache
        .controlled_by(&RESOURCE_CLAIMS, namespace, &pod.meta.uid)
    {
        let made = claim.object()?;
        let entry = made.at(&["metadata", "annotations", POD_CLAIM_NAME]);
        if entry.and_then(Value::as_str) == Some(name) {
            return Ok(Some(claim.meta.name.to_string()));
        }
    }
    let found = context
        .cache
        .get(&RESOURCE_CLAIM_TEMPLATES, namespace, template);
    let Some(found) = found else {
        return Err(Status::plain(format!(
            "resource claim template \"{template}\": resourceclaimtemplate.resource.k8s.io \"{template}\" not found"
        )));
    };
    let claim = claim(pod, name, &found.object()?);
    let created = context.create(&RESOURCE_CLAIMS, namespace, claim).await;
    let created = created.map_err(|mut status| {
        status.message = format!("create ResourceClaim : {}", status.message);
        status
    })?;
    let created = created.parse()?;
    let name = created.at(&["metadata", "name"]).and_then(Value::as_str);
    Ok(name.map(str::to_owned))
}

fn is_of(claim: &Cached, pod: &Cached) -> bool {
    claim.meta.controller_uid() == pod.meta.uid
}

/// The claim of an entry: it belongs to the pod, and goes with it.
fn claim(pod: &Cached, entry: &str, template: &Value) -> Value {
    let mut owner = Value::object();
    owner.set("apiVersion", "v1");
    owner.set("kind", "Pod");
    owner.set("name", pod.meta.name.clone());
    owner.set("uid", pod.meta.uid.clone());
    owner.set("controller", true);
    owner.set("blockOwnerDeletion", true);
    let mut claim = Value::object();
    let metadata = claim.child_mut("metadata");
    metadata.set("generateName", base_of_name(&pod.meta.name, entry));
    metadata.set("namespace", pod.meta.namespace.clone());
    metadata.set("ownerReferences", vec![owner]);
    if let Some(labels) = template.at(&["spec", "metadata", "labels"]) {
        metadata.set("labels", labels.clone());
    }
    if let Some(annotations) = template.at(&["spec", "metadata", "annotations"]) {
        metadata.set("annotations", annotations.clone());
    }
    metadata.child_mut("annotations").set(POD_CLAIM_NAME, entry);
    let spec = template.at(&["spec", "spec"]).cloned();
    claim.set("spec", spec.unwrap_or_default());
    claim
}

/// The beginning of a claim's name. Of names that are too long, both keep their part.
fn base_of_name(pod: &str, entry: &str) -> String {
    let base = format!("{pod}-{entry}-");
    let length = base.len();
    if length <= BASE_BYTES_MAX {
        return base;
    }
    let part = |text: &str| {
        let kept = text.len() * BASE_BYTES_MAX / length;
        text.get(..kept).unwrap_or(text).to_owned()
    };
    format!("{}-{}", part(pod), part(entry))
}

/// Reserves claims that are allocated for a pod that somebody has put on a node without asking the scheduler.
async fn reserve(context: &Context, pod: &Cached, object: &Value) -> Result<(), Status> {
    for entry in entries(object) {
        let Some((name, is_own)) = named(object, entry) else {
            continue;
        };
        let cached = context
            .cache
            .get(&RESOURCE_CLAIMS, &pod.meta.namespace, name);
        let Some(cached) = cached.filter(|claim| !is_own || is_of(claim, pod)) else {
            continue;
        };
        let mut claim = cached.object()?;
        let Some(status) = claim.get("status") else {
            continue;
        };
        let mut consumers = status.items("reservedFor").to_vec();
        let is_reserved = consumers
            .iter()
            .any(|consumer| consumer.str("uid") == Some(&pod.meta.uid));
        if status.get("allocation").is_none() || is_reserved || consumers.len() >= CONSUMERS_MAX {
            continue;
        }
        let mut consumer = Value::object();
        consumer.set("resource", "pods");
        consumer.set("name", pod.meta.name.clone());
        consumer.set("uid", pod.meta.uid.clone());
        consumers.push(consumer);
        let status = claim.child_mut("status");
        status.set("reservedFor", Value::Array(consumers));
        context.update(&RESOURCE_CLAIMS, "status", claim).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_too_long_keep_a_part_of_both() {
        assert_eq!(base_of_name("web", "gpu"), "web-gpu-");
        let base = base_of_name(&"p".repeat(60), &"c".repeat(60));
        assert_eq!(base, format!("{}-{}", "p".repeat(28), "c".repeat(28)));
    }
}
