//! The objects that parameterize a policy, as a binding names them.

use super::compiled::{Binding, Policy};
use crate::admission::review::Review;
use crate::resources::Resource;
use crate::storage::Key;
use crate::verbs::record;
use std::sync::Arc;
use tollgate_api::{GroupVersionKind, Value, label_selector};

/// The parameters with which a policy is evaluated, once each; null if it has none. The error is upstream's.
pub(super) fn of(
    policy: &Policy,
    binding: &Binding,
    review: &Review<'_>,
) -> Result<Vec<Arc<Value>>, String> {
    let Some((api_version, kind)) = &policy.param_kind else {
        return Ok(vec![Arc::default()]);
    };
    // A policy with parameters that is bound without sees null.
    let Some(reference) = &binding.param_ref else {
        return Ok(vec![Arc::default()]);
    };
    let kind = GroupVersionKind::new(api_version, kind);
    let catalog = review.catalog.load();
    let Some(resource) = catalog.resource_of(&kind.group, &kind.version, &kind.kind) else {
        return Err(format!(
            "failed to find resource referenced by paramKind: '{}, Kind={}'",
            if kind.group.is_empty() {
                format!("/{}", kind.version)
            } else {
                kind.api_version()
            },
            kind.kind
        ));
    };
    let namespace = namespace_of(reference, resource, review)?;
    let found = match reference.str_or_empty("name") {
        "" => listed(reference, resource, namespace, review),
        name => {
            let storage = &resource.storage;
            let key = Key::new(&storage.group, &storage.resource, namespace, name);
            let found = review.prepared.object(review.snapshot, &key);
            found
                .map(|found| served(resource, &found))
                .into_iter()
                .collect()
        }
    };
    if found.is_empty() && reference.str("parameterNotFoundAction") == Some("Deny") {
        return Err(
            "no params found for policy binding with `Deny` parameterNotFoundAction".to_owned(),
        );
    }
    Ok(found)
}

fn namespace_of<'n>(
    reference: &'n Value,
    resource: &Resource,
    review: &Review<'n>,
) -> Result<&'n str, String> {
    let named = reference.str_or_empty("namespace");
    if !resource.namespaced {
        return if named.is_empty() {
            Ok("")
        } else {
            Err(
                "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
                    .to_owned(),
            )
        };
    }
    if !named.is_empty() {
        return Ok(named);
    }
    match review.attributes.namespace {
        "" => Err(
            "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
                .to_owned(),
        ),
        namespace => Ok(namespace),
    }
}

fn listed(
    reference: &Value,
    resource: &Resource,
    namespace: &str,
    review: &Review<'_>,
) -> Vec<Arc<Value>> {
    let selector = reference.get("selector").unwrap_or(&Value::Null);
    let storage = &resource.storage;
    let within = resource.namespaced.then_some(namespace);
    let prefix = Key::prefix(&storage.group, &storage.resource, within);
    review
        .snapshot
        .range(&prefix)
        .filter(|(_, found)| label_selector::matches(selector, &record::labels(&found.value)))
        .filter_map(|(_, found)| record::parse(&found.value, found.revision).ok())
        .map(|found| served(resource, &found))
        .collect()
}

fn served(resource: &Resource, object: &Value) -> Arc<Value> {
    let mut object = object.clone();
    resource.conversion.to_served(&resource.kind, &mut object);
    Arc::new(object)
}
