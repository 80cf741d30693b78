//! persistentvolume-expander-controller: claims that ask for more than they have get it.
//!
//! Upstream: `pkg/controller/volume/expand`. Simulated volumes grow at once, and take the attributes of another class; all
//! others are their driver's business.

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::Cache;
use crate::events::{EventType, Reference};
use crate::persistent_volume::DRIVER;
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES};
use tollgate_api::client::{Identity, Pending};
use tollgate_api::{Quantity, Status, Value};

/// The controller.
#[derive(Debug)]
pub struct VolumeExpander;

impl Controller for VolumeExpander {
    fn name(&self) -> &'static str {
        "persistentvolume-expander-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("expand-controller")
    }

    fn component(&self) -> &'static str {
        "volume_expand"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![&PERSISTENT_VOLUME_CLAIMS, &PERSISTENT_VOLUMES])
    }

    fn concerns(&self, change: &Change<'_>, _: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&PERSISTENT_VOLUME_CLAIMS)
            && let Some(new) = change.new
        {
            queue.add(Key::of(new));
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(expand(context, key))
    }
}

/// What a claim asks for that it does not have.
#[derive(Debug, Clone, PartialEq, Default)]
struct Wish {
    /// The size.
    size: Option<Value>,
    /// The class of attributes.
    attributes: Option<Value>,
}

fn wish(claim: &Value) -> Wish {
    let spec = claim.get("spec").unwrap_or(&Value::Null);
    let status = claim.get("status").unwrap_or(&Value::Null);
    if status.str("phase") != Some("Bound") {
        return Wish::default();
    }
    let wanted = spec.at(&["resources", "requests", "storage"]);
    let read = |value: Option<&Value>| value.and_then(|value| Quantity::from_value(value).ok());
    let is_more = match (read(wanted), read(status.at(&["capacity", "storage"]))) {
        (Some(wanted), Some(has)) => wanted > has,
        _ => false,
    };
    let attributes = spec.get("volumeAttributesClassName");
    let has = status.get("currentVolumeAttributesClassName");
    Wish {
        size: wanted.filter(|_| is_more).cloned(),
        attributes: attributes.filter(|wanted| has != Some(*wanted)).cloned(),
    }
}

async fn expand(context: &Context, key: &Key) -> Outcome {
    let claim = context
        .cache
        .get(&PERSISTENT_VOLUME_CLAIMS, &key.namespace, &key.name);
    let Some(claim) = claim.filter(|claim| claim.meta.deleted.is_none()) else {
        return Ok(Requeue::No);
    };
    let claim = claim.object()?;
    let wish = wish(&claim);
    if wish == Wish::default() {
        return Ok(Requeue::No);
    }
    let name = claim.at(&["spec", "volumeName"]).and_then(Value::as_str);
    let volume = context
        .cache
        .get(&PERSISTENT_VOLUMES, "", name.unwrap_or_default());
    let Some(volume) = volume else {
        return Ok(Requeue::No);
    };
    let volume = volume.object()?;
    let driver = volume
        .at(&["spec", "csi", "driver"])
        .and_then(Value::as_str);
    if driver != Some(DRIVER) {
        if wish.size.is_some() {
            let message = "waiting for an external controller to expand this PVC";
            let about = Reference::of(&claim);
            context.event(about, EventType::Normal, "ExternalExpanding", message);
        }
        return Ok(Requeue::No);
    }
    grow(context, claim, volume, wish)
        .await
        .map(|()| Requeue::No)
}

async fn grow(
    context: &Context,
    mut claim: Value,
    mut volume: Value,
    wish: Wish,
) -> Result<(), Status> {
    let spec = volume.child_mut("spec");
    if let Some(size) = &wish.size {
        spec.child_mut("capacity").set("storage", size.clone());
    }
    if let Some(attributes) = &wish.attributes {
        spec.set("volumeAttributesClassName", attributes.clone());
    }
    context.update(&PERSISTENT_VOLUMES, "", volume).await?;
    let status = claim.child_mut("status");
    if let Some(size) = wish.size {
        status.child_mut("capacity").set("storage", size);
    }
    if let Some(attributes) = wish.attributes {
        status.set("currentVolumeAttributesClassName", attributes);
    }
    context
        .update(&PERSISTENT_VOLUME_CLAIMS, "status", claim)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn check(wanted: &str, phase: &str, has: &str, expected: Option<&str>) {
        let claim = format!(
            r#"{{"spec":{{"resources":{{"requests":{{"storage":"{wanted}"}}}}}},"status":{{"phase":"{phase}","capacity":{{"storage":"{has}"}}}}}}"#
        );
        let size = wish(&json::from_str(&claim).unwrap()).size;
        assert_eq!(size.as_ref().and_then(Value::as_str), expected, "{claim}");
    }

    #[test]
    fn only_a_bound_claim_that_asks_for_more_gets_more() {
        check("2Gi", "Bound", "1Gi", Some("2Gi"));
        check("1024Mi", "Bound", "1Gi", None);
        check("1Gi", "Bound", "2Gi", None);
        check("2Gi", "Pending", "1Gi", None);
    }
}
