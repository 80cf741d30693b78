//! Priority: from the name of a class to the number, and one default class at most.

use crate::admission::{Plugin, Review};
use tollgate_api::{Operation, Status, Value};

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct Priority;

impl Plugin for Priority {
    fn name(&self) -> &'static str {
        "Priority"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if !review.is_core("pods") {
            return Ok(());
        }
        match review.attributes.operation {
            Operation::Create => {
                let classes = review.prepared.priority_classes(review.snapshot);
                let admitted = classes.admit(object);
                admitted.map_err(|violation| review.forbidden(Some(object), violation.message))
            }
            Operation::Update => {
                // A client that does not know of priorities does not take them away.
                let old = review.attributes.old_object.and_then(|old| old.get("spec"));
                let spec = object.child_mut("spec");
                for key in ["priority", "preemptionPolicy"] {
                    if let Some(value) = old.and_then(|old| old.get(key))
                        && spec.get(key).is_none()
                    {
                        spec.set(key, value.clone());
                    }
                }
                Ok(())
            }
            Operation::Delete | Operation::Connect => Ok(()),
        }
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        if !review.is_in("scheduling.k8s.io", "priorityclasses") {
            return Ok(());
        }
        let Some(class) = review.attributes.object else {
            return Ok(());
        };
        let classes = review.prepared.priority_classes(review.snapshot);
        let judged = classes.validate(review.attributes.operation, class);
        judged.map_err(|violation| review.forbidden(None, violation.message))
    }
}
