//! Adoption and release: an owner takes in what its selector selects and nobody controls, and lets go of what its
//! selector selects no more.

use crate::context::Context;
use crate::driver::Cached;
use crate::pod_control::Owning;
use futures_util::future::join_all;
use std::sync::Arc;
use tollgate_api::client::{GroupVersionResource, PatchKind, Stored, Target};
use tollgate_api::{Reason, Status, Value};

/// What is to be done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// It is the owner's, and remains so.
    Keep,
    /// It is somebody else's, or nobody's.
    Ignore,
    /// It becomes the owner's.
    Adopt,
    /// It is the owner's no more.
    Release,
}

fn judge(owner: &Owning, selected: bool, object: &Cached) -> Claim {
    match object.meta.controller() {
        Some(controller) if !owner.is(controller) => Claim::Ignore,
        Some(_) if selected => Claim::Keep,
        Some(_) if owner.is_deleted => Claim::Ignore,
        Some(_) => Claim::Release,
        None if !selected || owner.is_deleted || object.meta.deleted.is_some() => Claim::Ignore,
        None => Claim::Adopt,
    }
}

/// The objects that are the owner's now: those it has and those it adopts, by name. Only candidates are looked at.
///
/// A null selector selects nothing, an empty one everything. Before the first adoption the owner is read from the API:
/// one that is being deleted adopts nothing.
pub async fn claim(
    cx: &Context,
    owner: &Owning,
    resource: &GroupVersionResource,
    selector: &Value,
    is_candidate: impl Fn(&Cached) -> bool,
) -> Result<Vec<Arc<Cached>>, Status> {
    let namespace = &owner.reference.namespace;
    let mut objects = cx
        .cache
        .controlled_by(resource, namespace, &owner.reference.uid);
    let orphans = cx.cache.controlled_by(resource, namespace, "");
    let judged = |object: &Cached| {
        if !is_candidate(object) {
            return Claim::Ignore;
        }
        let selected = !selector.is_null() && object.meta.is_selected_by(selector);
        judge(owner, selected, object)
    };
    let (mut adopted, mut released) = (Vec::new(), Vec::new());
    for object in orphans {
        if judged(&object) == Claim::Adopt {
            adopted.push(object);
        }
    }
    objects.retain(|object| match judged(object) {
        Claim::Keep => true,
        Claim::Release => {
            released.push(Arc::clone(object));
            false
        }
        Claim::Ignore | Claim::Adopt => false,
    });
    let releases = released.iter().map(|object| {
        let target = Target::object(resource, namespace, &object.meta.name);
        cx.patch(target, PatchKind::Strategic, release(owner, object))
    });
    let mut failure = None;
    for result in join_all(releases).await {
        // Invalid: the reference is gone already.
        failure = failure.or(result
            .err()
            .filter(|status| !matches!(status.reason, Reason::NotFound | Reason::Invalid)));
    }
    if !adopted.is_empty() {
        may_adopt(cx, owner).await?;
        let adoptions = adopted.iter().map(|object| {
            let target = Target::object(resource, namespace, &object.meta.name);
            cx.patch(target, PatchKind::Strategic, adoption(owner, object))
        });
        for (object, result) in adopted.iter().zip(join_all(adoptions).await) {
            match result {
                Ok(stored) => objects.push(known(&stored, object)),
                Err(status) if status.reason == Reason::NotFound => {}
                Err(status) => failure = failure.or(Some(status)),
            }
        }
        objects.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
    }
    failure.map_or(Ok(objects), Err)
}

/// The object as it is after the adoption.
fn known(stored: &Stored, before: &Arc<Cached>) -> Arc<Cached> {
    Cached::new(stored, before.pod.is_some()).map_or_else(|_| Arc::clone(before), Arc::new)
}

/// Looks past the cache whether the owner is still there and not being deleted.
async fn may_adopt(cx: &Context, owner: &Owning) -> Result<(), Status> {
    let about = &owner.reference;
    let fresh = cx
        .get(owner.resource, &about.namespace, &about.name)
        .await?;
    let metadata = fresh.get("metadata").unwrap_or(&Value::Null);
    let uid = metadata.str_or_empty("uid");
    let place = format!("{}/{}", about.namespace, about.name);
    if uid != about.uid {
        let kind = &about.kind;
        return Err(Status::plain(format!(
            "original {kind} {place} is gone: got uid {uid}, wanted {}",
            about.uid
        )));
    }
    match metadata.str("deletionTimestamp") {
        Some(deleted) => Err(Status::plain(format!(
            "{place} has just been deleted at {deleted}"
        ))),
        None => Ok(()),
    }
}

fn adoption(owner: &Owning, object: &Cached) -> Value {
    patch(owner.owner_reference(), object)
}

fn release(owner: &Owning, object: &Cached) -> Value {
    let mut reference = Value::object();
    reference.set("$patch", "delete");
    reference.set("uid", owner.reference.uid.clone());
    patch(reference, object)
}

/// The unique id makes the patch fail if another object has the name meanwhile.
fn patch(reference: Value, object: &Cached) -> Value {
    let mut metadata = Value::object();
    metadata.set("uid", object.meta.uid.clone());
    metadata.set("ownerReferences", vec![reference]);
    Value::from_iter([("metadata", metadata)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::REPLICA_SETS;

    fn cached(extra: &str) -> Cached {
        let json = format!(r#"{{"metadata":{{"name":"x","namespace":"n","uid":"u"{extra}}}}}"#);
        let stored = Stored {
            json: json.into_bytes().into(),
            revision: 1,
        };
        Cached::new(&stored, false).unwrap()
    }

    #[test]
    fn only_what_nobody_controls_is_adopted_and_only_what_is_owned_is_released() {
        let deleted = r#","deletionTimestamp":"2026-01-15T12:00:00Z""#;
        let living = Owning::new(&REPLICA_SETS, "ReplicaSet", &cached(""));
        let dying = Owning::new(&REPLICA_SETS, "ReplicaSet", &cached(deleted));
        let ours = r#","ownerReferences":[{"uid":"u","controller":true}]"#;
        let theirs = r#","ownerReferences":[{"uid":"v","controller":true}]"#;
        let shared = r#","ownerReferences":[{"uid":"u"}]"#;
        for (owner, object, selected, expected) in [
            (&living, ours, true, Claim::Keep),
            (&living, ours, false, Claim::Release),
            (&living, theirs, true, Claim::Ignore),
            (&living, theirs, false, Claim::Ignore),
            (&living, "", true, Claim::Adopt),
            (&living, shared, true, Claim::Adopt),
            (&living, "", false, Claim::Ignore),
            (&living, deleted, true, Claim::Ignore),
            (&dying, ours, true, Claim::Keep),
            (&dying, ours, false, Claim::Ignore),
            (&dying, "", true, Claim::Ignore),
        ] {
            let found = judge(owner, selected, &cached(object));
            assert_eq!(found, expected, "{object} {selected} {}", owner.is_deleted);
        }
    }

    #[test]
    fn patches_name_the_object_that_they_are_meant_for() {
        let owner = Owning::new(&REPLICA_SETS, "ReplicaSet", &cached(""));
        let patch = release(&owner, &cached(""));
        let expected =
            r#"{"metadata":{"uid":"u","ownerReferences":[{"$patch":"delete","uid":"u"}]}}"#;
        assert_eq!(patch, tollgate_api::json::from_str(expected).unwrap());
    }
}
