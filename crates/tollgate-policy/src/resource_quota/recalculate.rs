//! Counting anew what a quota's objects use, as upstream's quota controller does.

use super::context::Context;
use super::evaluators::Evaluator;
use super::quota::Quota;
use super::usage::{Key, Usage};
use std::fmt::Display;
use tollgate_api::{GroupResource, Quantity, Value};

/// The objects of one resource, or why they could not be listed.
///
/// A resource without objects must be listed, too, or its keys are not counted at all: a quota on
/// `count/widgets.example.com` says nothing as long as nobody knows of widgets.
#[derive(Debug, Clone)]
pub struct Listing<'a> {
    /// The resource.
    pub resource: &'a GroupResource,
    /// Its objects; those of other namespaces than the quota's are left out.
    pub objects: Result<Vec<&'a Value>, String>,
}

/// The result of a recalculation.
#[derive(Debug, Clone, Default)]
pub struct Recalculated {
    /// What is used, under every key that could be counted.
    pub used: Usage,
    /// Why some keys could not be.
    pub errors: Vec<String>,
}

/// Resources that every server has, so that their keys are counted even if there is nothing to list.
const ALWAYS_COUNTED: &[(&str, &str)] = &[
    ("", "pods"),
    ("", "services"),
    ("", "persistentvolumeclaims"),
    ("resource.k8s.io", "resourceclaims"),
    ("", "configmaps"),
    ("", "resourcequotas"),
    ("", "replicationcontrollers"),
    ("", "secrets"),
];

/// What the objects of a quota's namespace use under the keys of its `spec.hard`.
pub fn recalculate(quota: &Value, listings: &[Listing<'_>], context: &Context<'_>) -> Recalculated {
    let quota = Quota::calculated(quota, &Usage::default());
    let unlisted: Vec<GroupResource> = ALWAYS_COUNTED
        .iter()
        .map(|(group, resource)| GroupResource::new(*group, *resource))
        .filter(|known| !listings.iter().any(|listing| listing.resource == known))
        .collect();
    let empty = unlisted.iter().map(|resource| Listing {
        resource,
        objects: Ok(Vec::new()),
    });
    let mut result = Recalculated::default();
    let mut failed: Vec<Key> = Vec::new();
    for listing in listings.iter().cloned().chain(empty) {
        let evaluator = Evaluator::of(listing.resource, context);
        let keys: Vec<Key> = quota
            .claimed(&evaluator, context)
            .map(|entry| entry.key.clone())
            .collect();
        if keys.is_empty() {
            continue;
        }
        match listing.objects {
            Ok(objects) => {
                let used = count(&quota, &evaluator, keys, &objects, context);
                result.used.add_all(&used);
            }
            Err(why) => {
                result.errors.push(failure(&why));
                failed.extend(keys);
            }
        }
    }
    result
        .used
        .retain(|key, _| !failed.iter().any(|failed| failed == key));
    result
}

fn failure(why: &dyn Display) -> String {
    format!("failed to list content: {why}")
}

/// What `objects` use under all keys the quota limits; 0 under `keys` if they use nothing.
fn count(
    quota: &Quota,
    evaluator: &Evaluator,
    keys: Vec<Key>,
    objects: &[&Value],
    context: &Context<'_>,
) -> Usage {
    let zeros = keys.into_iter().map(|key| (key, Quantity::from_int(0)));
    let mut used: Usage = zeros.collect();
    for object in objects {
        let metadata = object.get("metadata");
        let namespace = metadata.map_or("", |metadata| metadata.str_or_empty("namespace"));
        if namespace != quota.namespace() {
            continue;
        }
        match quota.is_in_scopes(evaluator, object) {
            Ok(true) => {
                for (key, amount) in evaluator.usage(object, context).iter() {
                    if quota.hard(key).is_some() {
                        used.add(key, amount);
                    }
                }
            }
            Ok(false) => {}
            // Upstream stops counting and keeps what it has.
            Err(_) => break,
        }
    }
    used
}
