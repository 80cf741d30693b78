//! Writing the slices of a service.

use super::plan::{self, Known, Plan};
use crate::context::Context;
use crate::controller::{Outcome, Requeue};
use crate::driver::Cached;
use crate::namespaces;
use crate::resources::ENDPOINT_SLICES;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::client::{Deletion, Stored};
use tollgate_api::status::Reason;
use tollgate_api::{Status, Value, json};

/// The label that names the service of a slice.
pub(super) const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The label that names who writes a slice.
pub(super) const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// The endpoints of a service, by their ports as JSON.
pub(super) type Endpoints = BTreeMap<String, Vec<Value>>;

/// What all slices of one family of addresses have in common.
#[derive(Debug)]
pub(super) struct Common<'a> {
    pub(super) namespace: &'a str,
    /// The service, or the Endpoints that are mirrored.
    pub(super) owner: Value,
    pub(super) name: &'a str,
    pub(super) labels: Value,
    pub(super) address_type: &'a str,
}

/// The slices that one controller writes for a service.
pub(super) fn known(context: &Context, namespace: &str, name: &str, by: &str) -> Vec<Arc<Cached>> {
    let mut slices = context.cache.list(&ENDPOINT_SLICES, namespace);
    slices.retain(|slice| {
        let labels = &slice.meta.labels;
        slice.meta.deleted.is_none()
            && labels.str(SERVICE_NAME) == Some(name)
            && labels.str(MANAGED_BY) == Some(by)
    });
    slices
}

/// Brings the slices of one family to what is wanted.
pub(super) async fn bring(
    context: &Context,
    common: &Common<'_>,
    slices: &[Value],
    wanted: &Endpoints,
) -> Outcome {
    let known: Vec<Known> = slices
        .iter()
        .map(|slice| Known {
            ports: ports_of(slice),
            endpoints: slice.items("endpoints").to_vec(),
        })
        .collect();
    let Plan {
        kept,
        made,
        removed,
    } = plan::plan(&known, wanted);
    let kept = kept.iter().filter_map(|(place, ports, endpoints)| {
        let old = slices.get(*place)?;
        let is_the_same = old.items("endpoints") == endpoints
            && ports_of(old) == *ports
            && old.at(&["metadata", "labels"]) == Some(&common.labels);
        (!is_the_same).then(|| filled(old.clone(), common, ports, endpoints))
    });
    let updates = kept.map(|new| context.update(&ENDPOINT_SLICES, "", new));
    let mut results = join_all(updates).await;
    let creations = made.iter().map(|(ports, endpoints)| {
        let new = filled(new_slice(common), common, ports, endpoints);
        context.create(&ENDPOINT_SLICES, common.namespace, new)
    });
    results.extend(join_all(creations).await);
    let gone = removed.iter().filter_map(|place| slices.get(*place));
    remove(context, common.namespace, gone).await?;
    for result in results {
        if let Err(status) = result {
            namespaces::unless_it_ends(status)?;
        }
    }
    Ok(Requeue::No)
}

/// Removes slices.
pub(super) async fn remove(
    context: &Context,
    namespace: &str,
    slices: impl Iterator<Item = &Value>,
) -> Result<(), Status> {
    let deletions = slices.map(|slice| async move {
        let name = slice.at(&["metadata", "name"]).and_then(Value::as_str);
        let deletion = Deletion::default();
        context
            .delete(
                &ENDPOINT_SLICES,
                namespace,
                name.unwrap_or_default(),
                deletion,
            )
            .await
    });
    let results: Vec<Result<Stored, Status>> = join_all(deletions).await;
    for result in results {
        if let Err(status) = result
            && status.reason != Reason::NotFound
        {
            return Err(status);
        }
    }
    Ok(())
}

/// The ports of a slice as JSON whose keys have one order.
fn ports_of(slice: &Value) -> String {
    let ports = slice.items("ports").iter().map(|port| {
        let keys = ["name", "port", "protocol", "appProtocol"];
        let entries = keys
            .into_iter()
            .filter_map(|key| Some((key, port.get(key)?.clone())));
        entries.collect::<Value>()
    });
    Value::Array(ports.collect()).to_string()
}

fn new_slice(common: &Common<'_>) -> Value {
    let mut slice = Value::object();
    slice.set("apiVersion", "discovery.k8s.io/v1");
    slice.set("kind", "EndpointSlice");
    slice.set("addressType", common.address_type);
    let metadata = slice.child_mut("metadata");
    metadata.set("generateName", format!("{}-", common.name));
    metadata.set("namespace", common.namespace);
    metadata.set("ownerReferences", vec![common.owner.clone()]);
    slice
}

fn filled(mut slice: Value, common: &Common<'_>, ports: &str, endpoints: &[Value]) -> Value {
    slice
        .child_mut("metadata")
        .set("labels", common.labels.clone());
    slice.set("endpoints", endpoints.to_vec());
    slice.set("ports", json::from_str(ports).unwrap_or_default());
    slice
}
