//! How many pods there should be, by their controllers.

use crate::context::Context;
use crate::driver::{Cached, Owner};
use crate::resources::{DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tollgate_api::client::{GroupVersionResource, Reply, Target, Verb};
use tollgate_api::go_format::quote;
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

/// What is known of the controllers of pods.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scale {
    /// How many pods all of them together ask for.
    pub(super) total: i64,
    /// Whether some pods have no controller.
    pub(super) has_unmanaged: bool,
}

/// Finds the controllers of pods and adds up what they ask for, each once.
pub(super) async fn of(cx: &Context, pods: &[Arc<Cached>]) -> Result<Scale, Status> {
    let mut scales: BTreeMap<CompactString, i64> = BTreeMap::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut has_unmanaged = false;
    for pod in pods {
        let Some(owner) = pod.meta.controller() else {
            has_unmanaged = true;
            continue;
        };
        if !known.insert(&owner.uid) {
            continue;
        }
        let found = match built_in(cx, &pod.meta.namespace, owner)? {
            Some(found) => Some(found),
            None => scalable(cx, &pod.meta.namespace, owner).await?,
        };
        let Some((uid, replicas)) = found else {
            let name = quote(&pod.meta.name);
            return Err(Status::plain(format!(
                "found no controllers for pod {name}"
            )));
        };
        scales.insert(uid, replicas);
    }
    Ok(Scale {
        total: scales.values().copied().fold(0, i64::saturating_add),
        has_unmanaged,
    })
}

/// A controller and how many pods it asks for.
type Found = Option<(CompactString, i64)>;

/// Looks among the kinds that are in the cache.
fn built_in(cx: &Context, namespace: &str, owner: &Owner) -> Result<Found, Status> {
    let group = owner
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    let resource = match (group, owner.kind.as_str()) {
        ("", "ReplicationController") => &REPLICATION_CONTROLLERS,
        ("apps" | "extensions", "ReplicaSet") => &REPLICA_SETS,
        ("apps", "StatefulSet") => &STATEFUL_SETS,
        _ => return Ok(None),
    };
    let Some(found) = cached(cx, resource, namespace, owner) else {
        return Ok(None);
    };
    // What a Deployment owns is in the middle of a rollout perhaps: the Deployment says how many there should be.
    let deployment = found.meta.controller().filter(|above| {
        let group = above
            .api_version
            .split_once('/')
            .map_or("", |(group, _)| group);
        above.kind == "Deployment" && matches!(group, "apps" | "extensions")
    });
    let counted = match deployment {
        Some(above) if *resource == REPLICA_SETS => {
            match cached(cx, &DEPLOYMENTS, namespace, above) {
                Some(deployment) => deployment,
                None => return Ok(None),
            }
        }
        _ => found,
    };
    let object = counted.object()?;
    let replicas = object.at(&["spec", "replicas"]).and_then(Value::as_i64);
    Ok(Some((counted.meta.uid.clone(), replicas.unwrap_or(1))))
}

fn cached(
    cx: &Context,
    resource: &GroupVersionResource,
    namespace: &str,
    owner: &Owner,
) -> Option<Arc<Cached>> {
    let found = cx.cache.get(resource, namespace, &owner.name)?;
    (found.meta.uid == owner.uid).then_some(found)
}

/// Asks the subresource `scale` of any other kind.
async fn scalable(cx: &Context, namespace: &str, owner: &Owner) -> Result<Found, Status> {
    let group = owner
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    let served = cx.resources();
    let served = served
        .iter()
        .find(|served| served.resource.group == group && served.kind == owner.kind);
    let Some(served) = served else {
        return Err(Status::plain(format!(
            "no matches for kind {} in version {}",
            quote(&owner.kind),
            quote(&owner.api_version)
        )));
    };
    let target = Target::object(&served.resource, namespace, &owner.name).sub("scale");
    let scale = match cx.call(target, Verb::Get).await {
        Ok(Reply::Other(scale)) => scale,
        Ok(Reply::Object(scale)) => scale.parse()?,
        Ok(Reply::List { .. }) => return Err(Status::internal("a scale is no list")),
        Err(status) if status.reason == Reason::NotFound => {
            // Either there is no such object or there is no such subresource.
            let details = status.details.as_ref();
            if details.is_some_and(|details| !details.name.is_empty()) {
                return Ok(None);
            }
            let plural = &served.resource.resource;
            let name = match group {
                "" => plural.to_string(),
                group => format!("{plural}.{group}"),
            };
            return Err(Status::plain(format!(
                "{name} does not implement the scale subresource"
            )));
        }
        Err(status) => return Err(status),
    };
    let uid = scale.at(&["metadata", "uid"]).and_then(Value::as_str);
    if uid != Some(&owner.uid) {
        return Ok(None);
    }
    let replicas = scale.at(&["spec", "replicas"]).and_then(Value::as_i64);
    Ok(Some((owner.uid.clone(), replicas.unwrap_or_default())))
}
