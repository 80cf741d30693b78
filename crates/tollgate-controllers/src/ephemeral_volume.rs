//! ephemeral-volume-controller: makes the claims of volumes that live and go with their pod.
//!
//! Upstream: `pkg/controller/volume/ephemeral`

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::events::{EventType, Reference};
use crate::namespaces;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PODS};
use tollgate_api::client::{Identity, Pending};
use tollgate_api::{Status, Value};

/// The controller.
#[derive(Debug)]
pub struct EphemeralVolumes;

impl Controller for EphemeralVolumes {
    fn name(&self) -> &'static str {
        "ephemeral-volume-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("ephemeral-volume-controller")
    }

    fn component(&self) -> &'static str {
        "ephemeral_volume"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&PODS, &PERSISTENT_VOLUME_CLAIMS])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&PODS) {
            // Volumes of a pod do not change.
            if let (None, Some(pod)) = (change.old, change.new)
                && pod.mentions(r#""ephemeral":"#)
            {
                queue.add(Key::of(pod));
            }
        } else if let (Some(gone), None) = (change.old, change.new)
            && let Some(owner) = gone.meta.controller().filter(|owner| owner.kind == "Pod")
        {
            queue.add(Key::new(&gone.meta.namespace, &owner.name));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(make(context, key))
    }
}

async fn make(context: &Context, key: &Key) -> Outcome {
    let pod = context.cache.get(&PODS, &key.namespace, &key.name);
    let Some(pod) = pod.filter(|pod| pod.meta.deleted.is_none()) else {
        return Ok(Requeue::No);
    };
    let object = pod.object()?;
    let spec = object.get("spec").unwrap_or(&Value::Null);
    for volume in spec.items("volumes") {
        let Some(template) = volume.at(&["ephemeral", "volumeClaimTemplate"]) else {
            continue;
        };
        if let Err(status) = make_one(context, &object, volume, template).await {
            let about = Reference::to("v1", "Pod", &pod);
            let message = format!("ephemeral volume controller: {}", status.message);
            context.event(about, EventType::Warning, "FailedBinding", message);
            return namespaces::unless_it_ends(status);
        }
    }
    Ok(Requeue::No)
}

fn meta<'v>(object: &'v Value, key: &str) -> &'v str {
    object
        .get("metadata")
        .map_or("", |metadata| metadata.str_or_empty(key))
}

async fn make_one(
    context: &Context,
    pod: &Value,
    volume: &Value,
    template: &Value,
) -> Result<(), Status> {
    let claim = claim(pod, volume, template);
    let (namespace, name) = (meta(pod, "namespace"), meta(&claim, "name").to_owned());
    let known = context
        .cache
        .get(&PERSISTENT_VOLUME_CLAIMS, namespace, &name);
    let known = known.map(|known| known.meta.controller_uid() == meta(pod, "uid"));
    let known = match known {
        None => match context
            .create(&PERSISTENT_VOLUME_CLAIMS, namespace, claim)
            .await
        {
            Ok(_) => Some(true),
            // One that the cache has not seen yet is looked at again when it has.
            Err(status) => return Err(status),
        },
        known => known,
    };
    if known == Some(false) {
        return Err(Status::plain(format!(
            "PVC {namespace}/{name} was not created for pod {namespace}/{} (pod is not owner)",
            meta(pod, "name")
        )));
    }
    Ok(())
}

/// The claim of a volume: it belongs to the pod, and goes with it.
fn claim(pod: &Value, volume: &Value, template: &Value) -> Value {
    let mut owner = Value::object();
    owner.set("apiVersion", "v1");
    owner.set("kind", "Pod");
    owner.set("name", meta(pod, "name"));
    owner.set("uid", meta(pod, "uid"));
    owner.set("controller", true);
    owner.set("blockOwnerDeletion", true);
    let mut claim = Value::object();
    claim.set("apiVersion", "v1");
    claim.set("kind", "PersistentVolumeClaim");
    let metadata = claim.child_mut("metadata");
    let name = format!("{}-{}", meta(pod, "name"), volume.str_or_empty("name"));
    metadata.set("name", name);
    metadata.set("namespace", meta(pod, "namespace"));
    metadata.set("ownerReferences", vec![owner]);
    for key in ["labels", "annotations"] {
        if let Some(given) = template.at(&["metadata", key]) {
            metadata.set(key, given.clone());
        }
    }
    claim.set("spec", template.get("spec").cloned().unwrap_or_default());
    claim
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn a_claim_is_named_after_pod_and_volume_and_belongs_to_the_pod() {
        let pod =
            json::from_str(r#"{"metadata":{"name":"web","namespace":"n","uid":"u"}}"#).unwrap();
        let volume = json::from_str(r#"{"name":"data"}"#).unwrap();
        let template =
            r#"{"metadata":{"labels":{"a":"b"}},"spec":{"accessModes":["ReadWriteOnce"]}}"#;
        let claim = claim(&pod, &volume, &json::from_str(template).unwrap());
        assert_eq!(meta(&claim, "name"), "web-data");
        let owners = claim.get("metadata").unwrap().items("ownerReferences");
        assert_eq!(owners[0].str("uid"), Some("u"));
        assert_eq!(claim.get("spec").unwrap().items("accessModes").len(), 1);
    }
}
