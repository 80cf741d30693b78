//! PersistentVolumeClaimResize: a claim grows only when it is bound, and only if its class lets it.

use crate::admission::{Plugin, Review};
use crate::storage::Key;
use tollgate_api::{Operation, Quantity, Status, Value};

const BETA_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct PersistentVolumeClaimResize;

impl Plugin for PersistentVolumeClaimResize {
    fn name(&self) -> &'static str {
        "PersistentVolumeClaimResize"
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let attributes = &review.attributes;
        let (Some(new), Some(old)) = (attributes.object, attributes.old_object) else {
            return Ok(());
        };
        if attributes.operation != Operation::Update || !review.is_core("persistentvolumeclaims") {
            return Ok(());
        }
        if requested(new).compare(&requested(old)).is_le() {
            return Ok(());
        }
        let phase = old.get("status").map(|status| status.str_or_empty("phase"));
        if phase != Some("Bound") {
            let why = "Only bound persistent volume claims can be expanded";
            return Err(review.forbidden(None, why));
        }
        if !may_grow(review, new, old) {
            let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
            return Err(review.forbidden(None, why));
        }
        Ok(())
    }
}

/// What cannot be read asks for nothing.
fn requested(claim: &Value) -> Quantity {
    claim
        .at(&["spec", "resources", "requests", "storage"])
        .and_then(|amount| Quantity::from_value(amount).ok())
        .unwrap_or_else(|| Quantity::from_int(0))
}

fn may_grow(review: &Review<'_>, new: &Value, old: &Value) -> bool {
    let class = class_of(new);
    if class.is_empty() || class != class_of(old) {
        return false;
    }
    let key = Key::new("storage.k8s.io", "storageclasses", "", class);
    let class = review.prepared.object(review.snapshot, &key);
    class.is_some_and(|class| class.bool("allowVolumeExpansion") == Some(true))
}

fn class_of(claim: &Value) -> &str {
    claim
        .at(&["metadata", "annotations", BETA_ANNOTATION])
        .or_else(|| claim.at(&["spec", "storageClassName"]))
        .and_then(Value::as_str)
        .unwrap_or_default()
}
