//! volumeattributesclass-protection-controller: a VolumeAttributesClass that volumes or claims name does not go.
//!
//! Upstream: `pkg/controller/volume/vacprotection`. Admission gives each new class its finalizer; here it goes when nobody names the
//! class any more.

use crate::context::Context;
use crate::controller::{Change, Controller, Enqueue, Key, Outcome, Requeue, Watched};
use crate::driver::{Cache, Cached};
use crate::resources::{PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, VOLUME_ATTRIBUTES_CLASSES};
use crate::volume_protection;
use std::sync::Arc;
use tollgate_api::client::{Identity, Pending};
use tollgate_api::{Status, Value};

const FINALIZER: &str = "kubernetes.io/vac-protection";

/// Where volumes and claims name classes.
const NAMED_AT: [&[&str]; 3] = [
    &["spec", "volumeAttributesClassName"],
    &["status", "currentVolumeAttributesClassName"],
    &[
        "status",
        "modifyVolumeStatus",
        "targetVolumeAttributesClassName",
    ],
];

/// Protects classes.
#[derive(Debug)]
pub struct AttributesClassProtection;

fn names(object: &Value, class: &str) -> bool {
    let mut named = NAMED_AT.iter().filter_map(|path| object.at(path));
    named.any(|name| name.as_str() == Some(class))
}

/// Whether a volume or a claim names a class.
fn is_used(cache: &Cache, class: &str) -> Result<bool, Status> {
    for resource in [&PERSISTENT_VOLUMES, &PERSISTENT_VOLUME_CLAIMS] {
        for object in cache.list(resource, "") {
            if names(&object.object()?, class) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

async fn protect(context: &Context, name: &str) -> Outcome {
    let resource = &VOLUME_ATTRIBUTES_CLASSES;
    let class: Option<Arc<Cached>> = context.cache.get(resource, "", name);
    let Some(class) = class else {
        return Ok(Requeue::No);
    };
    let is_used = class.meta.deleted.is_some() && is_used(&context.cache, name)?;
    volume_protection::settle(context, resource, &class, FINALIZER, is_used).await
}

impl Controller for AttributesClassProtection {
    fn name(&self) -> &'static str {
        "volumeattributesclass-protection-controller"
    }

    fn identity(&self) -> Identity {
        Identity::controller("volumeattributesclass-protection-controller")
    }

    fn component(&self) -> &'static str {
        "volumeattributesclass-protection-controller"
    }

    fn watches(&self) -> Watched {
        Watched::These(vec![
            &PERSISTENT_VOLUME_CLAIMS,
            &PERSISTENT_VOLUMES,
            &VOLUME_ATTRIBUTES_CLASSES,
        ])
    }

    fn concerns(&self, change: &Change<'_>, cache: &Cache, queue: &mut dyn Enqueue) {
        if change.is_of(&VOLUME_ATTRIBUTES_CLASSES) {
            if let Some(new) = change.new {
                queue.add(Key::of(new));
            }
        } else if change.old.is_some() {
            // Only classes on their way out are held up by a name, and there are hardly any.
            for class in cache.list(&VOLUME_ATTRIBUTES_CLASSES, "") {
                if class.meta.deleted.is_some() {
                    queue.add(Key::of(&class));
                }
            }
        }
    }

    fn reconcile<'a>(&'a self, context: &'a Context, key: &'a Key) -> Pending<'a, Outcome> {
        Box::pin(protect(context, &key.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn a_class_is_named_by_what_is_wanted_what_is_and_what_is_to_be() {
        let check = |object: &str, expected: bool| {
            assert_eq!(names(&json::from_str(object).unwrap(), "gold"), expected);
        };
        check(r#"{"spec":{"volumeAttributesClassName":"gold"}}"#, true);
        check(
            r#"{"status":{"currentVolumeAttributesClassName":"gold"}}"#,
            true,
        );
        let target =
            r#"{"status":{"modifyVolumeStatus":{"targetVolumeAttributesClassName":"gold"}}}"#;
        check(target, true);
        check(r#"{"spec":{"volumeAttributesClassName":"silver"}}"#, false);
        check("{}", false);
    }
}
