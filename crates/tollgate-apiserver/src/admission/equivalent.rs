//! Requests in another version than that which the client speaks (`matchPolicy: Equivalent`): whoever asked to see that
//! version is shown its objects.

use super::review::Review;
use crate::crd::{self, ConversionHook};
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

    /// The same without asking anybody; none if a webhook would have to convert.
    pub(super) fn here(review: &Review<'_>, resource: Arc<Resource>) -> Option<Self> {
        if hook_of(&resource).is_some() {
            return None;
        }
        let convert = |object: &Value| convert_here(review.resource, &resource, object.clone());
        let object = review.attributes.object.map(convert);
        let old_object = review.attributes.old_object.map(convert);
        Some(Self {
            resource,
            object,
            old_object,
        })
    }

    /// An object of that version in the version of the request, which nobody has to be asked for.
    pub(super) fn back_here(&self, review: &Review<'_>, object: Value) -> Value {
        convert_here(&self.resource, review.resource, object)
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

fn hook_of(resource: &Resource) -> Option<&ConversionHook> {
    crd::custom_of(resource)?.conversion.as_deref()
}

/// An object of one version in another.
async fn convert(
    review: &Review<'_>,
    from: &Resource,
    to: &Resource,
    object: Value,
) -> Result<Value, Status> {
    let Some(hook) = hook_of(to).filter(|_| is_of(from, &object)) else {
        return Ok(convert_here(from, to, object));
    };
    let uid = review.environment.uid();
    let wanted = to.kind.api_version();
    let given = vec![object];
    let converted = hook.convert(review.snapshot, &uid, given, &wanted).await?;
    let mut object = converted.into_iter().next().unwrap_or_default();
    to.to_served(&mut object);
    Ok(object)
}

/// Whether an object is one of the resource. What is not, as a `Scale` is not, is the same in all versions.
fn is_of(resource: &Resource, object: &Value) -> bool {
    GroupVersionKind::of(object) == resource.kind
}

fn convert_here(from: &Resource, to: &Resource, mut object: Value) -> Value {
    if is_of(from, &object) {
        from.conversion.to_stored(&from.storage_kind, &mut object);
        to.to_served(&mut object);
    }
    object
}
