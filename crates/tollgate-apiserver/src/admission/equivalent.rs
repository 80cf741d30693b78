//! Requests in another version than that which the client speaks (`matchPolicy: Equivalent`): whoever asked to see that
//! version is shown its objects.

use super::review::Review;
use crate::crd;
use crate::resources::Resource;
use std::sync::Arc;
use tollgate_api::{Attributes, GroupVersionKind, Status, Value};

/// A request as it is in another version.
#[derive(Debug)]
pub(super) struct Equivalent {
    resource: Arc<Resource>,
    object: Option<Value>,
    old_object: Option<Value>,
}

impl Equivalent {
    /// Converts the objects of a request to the version of `resource`.
    pub(super) async fn new(review: &Review<'_>, resource: Arc<Resource>) -> Result<Self, Status> {
        let mut converted =
            [review.attributes.object, review.attributes.old_object].map(Option::<&Value>::cloned);
        for object in converted.iter_mut().flatten() {
            let given = std::mem::take(object);
            *object = convert(review, review.resource, &resource, given).await?;
        }
        let [object, old_object] = converted;
        Ok(Self {
            resource,
            object,
            old_object,
        })
    }

    /// The request in that version.
    pub(super) fn review<'b>(&'b self, review: &Review<'b>) -> Review<'b> {
        Review {
            attributes: Attributes {
                resource: &self.resource.group_resource,
                object: self.object.as_ref(),
                old_object: self.old_object.as_ref(),
                ..review.attributes
            },
            resource: &self.resource,
            ..*review
        }
    }

    /// An object of that version in the version of the request.
    pub(super) async fn back(&self, review: &Review<'_>, object: Value) -> Result<Value, Status> {
        convert(review, &self.resource, review.resource, object).await
    }
}

/// An object of one version in another. What is of another kind, as a `Scale` is, is the same in all.
async fn convert(
    review: &Review<'_>,
    from: &Resource,
    to: &Resource,
    mut object: Value,
) -> Result<Value, Status> {
    if GroupVersionKind::of(&object) != from.kind {
        return Ok(object);
    }
    let custom = crd::custom_of(to).and_then(|custom| custom.conversion.as_deref());
    match custom {
        Some(hook) => {
            let uid = review.environment.uid();
            let wanted = to.kind.api_version();
            let given = vec![object];
            let converted = hook.convert(review.snapshot, &uid, given, &wanted).await?;
            object = converted.into_iter().next().unwrap_or_default();
        }
        None => from.conversion.to_stored(&from.storage_kind, &mut object),
    }
    to.to_served(&mut object);
    Ok(object)
}
