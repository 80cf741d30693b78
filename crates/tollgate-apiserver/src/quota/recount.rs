//! Counting a quota anew from what is stored.

use crate::resources::{Catalog, Resource, Verb};
use crate::storage::{Key, Snapshot};
use crate::verbs::record;
use tollgate_api::{GroupResource, Status, Value};
use tollgate_policy::resource_quota::{Context, Listing, recalculate};

/// Resources that keys count which do not name them: `requests.cpu`, `services.nodeports`, `requests.storage`.
const COUNTED_BY_MANY_KEYS: [(&str, &str); 4] = [
    ("", "pods"),
    ("", "services"),
    ("", "persistentvolumeclaims"),
    ("resource.k8s.io", "resourceclaims"),
];

/// The quota with `status.hard` and `status.used` as they are in `head`.
pub(super) fn recount(
    head: &Snapshot,
    catalog: &Catalog,
    quota: &Value,
    context: &Context<'_>,
) -> Result<Value, Status> {
    let namespace = quota
        .at(&["metadata", "namespace"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut found: Vec<(&GroupResource, Vec<Value>)> = Vec::new();
    let mut stored: Vec<&GroupResource> = Vec::new();
    for resource in catalog.resources() {
        // Versions of one resource are one.
        if !resource.namespaced
            || !resource.verbs.contains(Verb::Create)
            || stored.contains(&&resource.storage)
        {
            continue;
        }
        stored.push(&resource.storage);
        let objects = if is_counted(quota, resource) {
            objects(head, resource, namespace, quota)?
        } else {
            Vec::new()
        };
        found.push((&resource.group_resource, objects));
    }
    let listings: Vec<Listing<'_>> = found
        .iter()
        .map(|(resource, objects)| Listing {
            resource,
            objects: Ok(objects.iter().collect()),
        })
        .collect();
    let counted = recalculate(quota, &listings, context);
    let mut quota = quota.clone();
    let hard = quota.at(&["spec", "hard"]).cloned();
    let used: Value = counted
        .used
        .iter()
        .map(|(key, amount)| (key.clone(), Value::from(amount.to_string())))
        .collect();
    let status = quota.child_mut("status");
    if let Some(hard) = hard {
        status.set("hard", hard);
        status.set("used", used);
    } else {
        status.remove("hard");
        status.remove("used");
    }
    Ok(quota)
}

/// Whether objects of a resource may count under a key of the quota.
fn is_counted(quota: &Value, resource: &Resource) -> bool {
    let named = resource.group_resource.to_string();
    let by_many = COUNTED_BY_MANY_KEYS.contains(&(resource.group(), resource.plural()));
    let Some(spec) = quota.get("spec") else {
        return false;
    };
    spec.entries("hard")
        .any(|(key, _)| match key.strip_prefix("count/") {
            Some(counted) => {
                counted == named || counted.strip_suffix(".extensions") == Some(resource.plural())
            }
            None => by_many || key == resource.plural(),
        })
}

fn objects(
    head: &Snapshot,
    resource: &Resource,
    namespace: &str,
    quota: &Value,
) -> Result<Vec<Value>, Status> {
    let storage = &resource.storage;
    let prefix = Key::prefix(&storage.group, &storage.resource, Some(namespace));
    let mut objects = Vec::new();
    let is_quotas = resource.group().is_empty() && resource.plural() == "resourcequotas";
    let name = quota.at(&["metadata", "name"]).and_then(Value::as_str);
    for (key, record) in head.range(&prefix) {
        if !(is_quotas && Some(key.name()) == name) {
            objects.push(record::parse(&record.value, record.revision)?);
        }
    }
    if is_quotas {
        // The quota itself counts, and may not be stored yet.
        objects.push(quota.clone());
    }
    Ok(objects)
}
