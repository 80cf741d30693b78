//! StorageObjectInUseProtection: claims and volumes are not gone before nobody uses them.

use crate::admission::{Plugin, Review};
use tollgate_api::{Operation, Status, Value};

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct StorageObjectInUseProtection;

impl Plugin for StorageObjectInUseProtection {
    fn name(&self) -> &'static str {
        "StorageObjectInUseProtection"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if review.attributes.operation != Operation::Create {
            return Ok(());
        }
        let finalizer = if review.is_core("persistentvolumeclaims") {
            "kubernetes.io/pvc-protection"
        } else if review.is_core("persistentvolumes") {
            "kubernetes.io/pv-protection"
        } else if review.is_in("storage.k8s.io", "volumeattributesclasses") {
            "kubernetes.io/vac-protection"
        } else {
            return Ok(());
        };
        let metadata = object.child_mut("metadata");
        let mut finalizers = metadata.items("finalizers").to_vec();
        if !finalizers
            .iter()
            .any(|known| known.as_str() == Some(finalizer))
        {
            finalizers.push(finalizer.into());
            metadata.set("finalizers", Value::Array(finalizers));
        }
        Ok(())
    }
}
