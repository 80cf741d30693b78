//! Custom objects in the version that a client speaks, where a webhook converts them: what is stored, and what is answered.

use super::answer::Answer;
use super::call::Api;
use super::record::{self, Encoded};
use super::watch::Change;
use crate::crd::{self, ConversionHook, CustomVersion};
use crate::resources::Resource;
use crate::storage::{Mark, Record};
use std::sync::Arc;
use tollgate_api::{Status, Value};

/// The webhook between the versions of a resource, if there is one.
fn hook_of(resource: &Resource) -> Option<(&CustomVersion, &ConversionHook)> {
    let custom = crd::custom_of(resource)?;
    Some((custom, custom.conversion.as_deref()?))
}

async fn converted(
    api: &Api,
    hook: &ConversionHook,
    objects: Vec<Value>,
    wanted: &str,
) -> Result<Vec<Value>, Status> {
    let snapshot = api.store.snapshot();
    let uid = api.environment.uid();
    hook.convert(&snapshot, &uid, objects, wanted).await
}

/// Stored objects in the version of the resource.
async fn all_served(
    api: &Api,
    resource: &Resource,
    mut objects: Vec<Value>,
) -> Result<Vec<Value>, Status> {
    if let Some((custom, hook)) = hook_of(resource) {
        for object in &mut objects {
            custom.settle_stored(object);
        }
        objects = converted(api, hook, objects, &resource.kind.api_version()).await?;
    }
    for object in &mut objects {
        resource.to_served(object);
    }
    Ok(objects)
}

/// A stored object in the version of the resource.
pub(super) async fn served(api: &Api, resource: &Resource, stored: Value) -> Result<Value, Status> {
    let one = all_served(api, resource, vec![stored]).await?;
    one.into_iter()
        .next()
        .ok_or_else(|| Status::internal("a conversion lost its object"))
}

/// Turns an object of the version of the resource into one of that in which it is stored.
pub(super) async fn store(
    api: &Api,
    resource: &Resource,
    object: &mut Value,
) -> Result<(), Status> {
    if let Some((_, hook)) = hook_of(resource) {
        let wanted = resource.storage_kind.api_version();
        let given = vec![std::mem::take(object)];
        let stored = converted(api, hook, given, &wanted).await?;
        *object = stored.into_iter().next().unwrap_or_default();
    }
    resource
        .conversion
        .to_stored(&resource.storage_kind, object);
    Ok(())
}

async fn all_encoded(
    api: &Api,
    resource: &Resource,
    stored: Vec<Encoded>,
) -> Result<Vec<Encoded>, Status> {
    let parsed: Result<Vec<Value>, Status> = stored
        .iter()
        .map(|one| record::parse(&one.value, 0))
        .collect();
    let objects = all_served(api, resource, parsed?).await?;
    let encoded = objects.iter().zip(stored);
    Ok(encoded
        .map(|(object, stored)| Encoded {
            value: record::encode(&resource.kind, object),
            revision: stored.revision,
        })
        .collect())
}

/// An answer with its objects converted by the webhook that converts them, if one does.
pub async fn answer(api: &Api, answer: Answer) -> Result<Answer, Status> {
    match answer {
        Answer::Object {
            code,
            resource,
            object,
        } if hook_of(&resource).is_some() => {
            let objects = all_encoded(api, &resource, vec![object]).await?;
            let object = objects
                .into_iter()
                .next()
                .ok_or_else(|| Status::internal("a conversion lost its object"))?;
            Ok(Answer::Object {
                code,
                resource,
                object,
            })
        }
        Answer::List(mut listing) if hook_of(&listing.resource).is_some() => {
            let stored = listing.items.iter().map(|(_, record)| Encoded {
                value: record.value.clone(),
                revision: record.revision,
            });
            let objects = all_encoded(api, &listing.resource, stored.collect()).await?;
            for ((_, found), object) in listing.items.iter_mut().zip(objects) {
                *found = Arc::new(Record {
                    value: object.value,
                    revision: object.revision,
                    created: found.created,
                    mark: Mark::default(),
                });
            }
            Ok(Answer::List(listing))
        }
        other => Ok(other),
    }
}

/// A change with its object converted by the webhook that converts it, if one does. A watch ends where one cannot be.
pub async fn change(api: &Api, resource: &Resource, change: Change) -> Change {
    match change {
        Change::Object {
            event_type, object, ..
        } if hook_of(resource).is_some() => {
            let objects = all_encoded(api, resource, vec![object]).await;
            match objects.map(|objects| objects.into_iter().next()) {
                Ok(Some(object)) => Change::Object {
                    event_type,
                    object,
                    // Each watcher has asked for its own version.
                    shared: None,
                },
                Ok(None) => Change::Error(Status::internal("a conversion lost its object")),
                Err(status) => Change::Error(status),
            }
        }
        other => other,
    }
}
