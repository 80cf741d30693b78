//! persistentvolume-protection-controller and persistentvolumeclaim-protection-controller: what is in use does not go.
//!
//! Upstream: `pkg/controller/volume/pvprotection` and `pvcprotection`. Admission gives each new volume and claim its
//! finalizer; here it goes when nobody uses the object any more.

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::gone;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS};
use tollgate_api::client::{GroupVersionResource, Identity, Pending};
use tollgate_api::{Status, Value};

const VOLUME_FINALIZER: &str = "kubernetes.io/pv-protection";
const CLAIM_FINALIZER: &str = "kubernetes.io/pvc-protection";

/// Protects volumes.
#[derive(Debug)]
pub struct VolumeProtection;

/// Protects claims.
#[derive(Debug)]
pub struct ClaimProtection;

impl Controller for VolumeProtection {
    fn name(&self) -> &'static str {
        "persistentvolume-protection-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("pv-protection-controller")
    }

    fn component(&self) -> &'static str {
        "pv-protection-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&PERSISTENT_VOLUMES])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        if let Some(new) = change.new {
            queue.add(Key::of(new));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let Some(volume) = context.cache.get(&PERSISTENT_VOLUMES, "", &key.name) else {
                return Ok(Requeue::No);
            };
            let object = volume.object()?;
            let phase = object.at(&["status", "phase"]).and_then(Value::as_str);
            let is_used = phase == Some("Bound");
            settle(
                context,
                &PERSISTENT_VOLUMES,
                &volume,
                VOLUME_FINALIZER,
                is_used,
            )
            .await
        })
    }
}

impl Controller for ClaimProtection {
    fn name(&self) -> &'static str {
        "persistentvolumeclaim-protection-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("pvc-protection-controller")
    }

    fn component(&self) -> &'static str {
        "pvc-protection-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&PERSISTENT_VOLUME_CLAIMS, &PODS])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if !change.is_of(&PODS) {
            if let Some(new) = change.new {
                queue.add(Key::of(new));
            }
            return;
        }
        let has_ended = |pod: &Cached| pod.phase().is_terminal();
        let Some(pod) = change.old else {
            return;
        };
        // Only the end of a pod lets a claim go, and only one that is on its way out is held by a pod.
        let ends = change
            .new
            .is_none_or(|new| has_ended(new) && !has_ended(pod));
        if ends {
            let claims = cache.list(&PERSISTENT_VOLUME_CLAIMS, &pod.meta.namespace);
            for claim in claims.iter().filter(|claim| claim.meta.deleted.is_some()) {
                queue.add(Key::of(claim));
            }
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(async move {
            let resource = &PERSISTENT_VOLUME_CLAIMS;
            let Some(claim) = context.cache.get(resource, &key.namespace, &key.name) else {
                return Ok(Requeue::No);
            };
            let is_ending = claim.meta.deleted.is_some();
            let is_used = is_ending && is_used(context, &claim).await?;
            settle(context, resource, &claim, CLAIM_FINALIZER, is_used).await
        })
    }
}

/// Puts the finalizer where it is missing, and takes it from what is on its way out and not used.
pub(crate) async fn settle(
    context: &Context,
    resource: &GroupVersionResource,
    object: &Cached,
    finalizer: &'static str,
    is_used: bool,
) -> Outcome {
    let is_ending = object.meta.deleted.is_some();
    let is_held = object.meta.has_finalizer(finalizer);
    if is_ending != is_held || is_ending && is_used {
        return Ok(Requeue::No);
    }
    let mut tree = object.object()?;
    let metadata = tree.child_mut("metadata");
    let mut finalizers = metadata.items("finalizers").to_vec();
    if is_ending {
        finalizers.retain(|known| known.as_str() != Some(finalizer));
    } else {
        finalizers.push(finalizer.into());
    }
    metadata.set("finalizers", Value::Array(finalizers));
    gone::outcome(context.update(resource, "", tree).await)
}

/// Whether a pod that runs, or will, uses a claim. The API is asked, as the cache may not know of a pod yet.
async fn is_used(context: &Context, claim: &Cached) -> Result<bool, Status> {
    let pods = context
        .list(
            &PODS,
            &claim.meta.namespace,
            tollgate_api::client::Selection::default(),
        )
        .await?;
    for pod in pods {
        let pod = pod.parse()?;
        let phase = pod.at(&["status", "phase"]).and_then(Value::as_str);
        let is_placed = pod.at(&["spec", "nodeName"]).is_some();
        if is_placed
            && !matches!(phase, Some("Succeeded" | "Failed"))
            && uses(&pod, &claim.meta.name)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a pod has a claim as a volume, its own ephemeral ones included.
fn uses(pod: &Value, claim: &str) -> bool {
    let own = pod.at(&["metadata", "name"]).and_then(Value::as_str);
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    spec.items("volumes").iter().any(|volume| {
        let named = volume.at(&["persistentVolumeClaim", "claimName"]);
        named.and_then(Value::as_str) == Some(claim)
            || volume.get("ephemeral").is_some()
                && claim
                    == format!(
                        "{}-{}",
                        own.unwrap_or_default(),
                        volume.str_or_empty("name")
                    )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn a_pod_uses_claims_that_it_names_and_its_own() {
        let pod = json::from_str(
            r#"{"metadata":{"name":"web"},"spec":{"volumes":[{"name":"a","persistentVolumeClaim":{"claimName":"data"}},{"name":"b","ephemeral":{}},{"name":"c","emptyDir":{}}]}}"#,
        )
        .unwrap();
        assert!(uses(&pod, "data"));
        assert!(uses(&pod, "web-b"));
        assert!(!uses(&pod, "web-c"));
    }
}
