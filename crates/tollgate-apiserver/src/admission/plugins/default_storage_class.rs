//! DefaultStorageClass: claims that name no class get the default one.

use crate::admission::mutate::set_default_storage_class;
use crate::admission::{Plugin, Review};
use tollgate_api::{Operation, Status, Value};

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct DefaultStorageClass;

impl Plugin for DefaultStorageClass {
    fn name(&self) -> &'static str {
        "DefaultStorageClass"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if review.attributes.operation == Operation::Create
            && review.is_core("persistentvolumeclaims")
        {
            let class = review.prepared.default_storage_class(review.snapshot);
            set_default_storage_class(object, class.as_deref());
        }
        Ok(())
    }
}
