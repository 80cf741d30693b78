//! Keeps the revisions of a set: adopts, makes, renumbers and drops them.

use super::choice::{Choice, Revision, choose, patch_of, superfluous};
use super::hash;
use crate::claim::claim;
use crate::context::Context;
use crate::driver::Cached;
use crate::gone;
use crate::pod_control::Owning;
use crate::resources::CONTROLLER_REVISIONS;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use tollgate_api::client::{Deletion, PatchKind, Target};
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value, json};

/// How often a name that is taken is given up for another in one go.
const COLLISIONS_MAX: i64 = 16;

/// A set that has revisions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Historian<'a> {
    /// The set as the owner of its revisions.
    pub(crate) owner: &'a Owning,
    /// The set.
    pub(crate) set: &'a Value,
    /// The label in which its revisions carry their hash.
    pub(crate) hash_label: &'static str,
}

/// What is kept of the history of a set.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The name of the revision of the template as it is.
    pub(crate) name: CompactString,
    /// The hash that this revision carries as a label.
    pub(crate) hash: CompactString,
    /// How many names were taken by other data.
    pub(crate) collisions: i64,
    /// Further revisions of the same template: somebody made them.
    pub(crate) twins: Vec<Revision>,
}

/// The revisions of a set, those that it adopts now among them, sorted by number.
pub(crate) async fn list(
    cx: &Context,
    owner: &Owning,
    selector: &Value,
) -> Result<Vec<Revision>, Status> {
    let claimed = claim(cx, owner, &CONTROLLER_REVISIONS, selector, |_| true).await?;
    let mut revisions: Vec<Revision> =
        claimed.iter().map(Revision::of).collect::<Result<_, _>>()?;
    revisions.sort_by(|a, b| a.place().cmp(&b.place()));
    Ok(revisions)
}

/// Makes sure that the template has a revision, and that it is the newest. `revisions` come from [`list`].
pub(crate) async fn current(
    cx: &Context,
    historian: Historian<'_>,
    revisions: &[Revision],
) -> Result<Kept, Status> {
    let data = patch_of(historian.set);
    let collisions = historian.set.at(&["status", "collisionCount"]);
    let collisions = collisions.and_then(Value::as_i64).unwrap_or_default();
    let (place, number) = match choose(revisions, &data) {
        Choice::New(number) => return make(cx, historian, &data, number, collisions).await,
        Choice::Is(place) => (place, None),
        Choice::Renumber(place, number) => (place, Some(number)),
    };
    let Some(found) = revisions.get(place) else {
        return Err(Status::internal("a revision that was found is not there"));
    };
    if let Some(number) = number {
        let namespace = &found.cached.meta.namespace;
        let target = Target::object(&CONTROLLER_REVISIONS, namespace, found.name());
        let patch = Value::from_iter([("revision", number)]);
        cx.patch(target, PatchKind::Merge, patch).await?;
    }
    let others = revisions.iter().enumerate();
    let twins = others.filter(|(other, revision)| *other != place && revision.data == data);
    Ok(Kept {
        name: found.name().clone(),
        hash: found.hash(historian.hash_label),
        collisions,
        twins: twins.map(|(_, revision)| revision.clone()).collect(),
    })
}

/// Makes a revision. A name that other data has is given up for another.
async fn make(
    cx: &Context,
    historian: Historian<'_>,
    data: &Value,
    number: i64,
    before: i64,
) -> Result<Kept, Status> {
    let text = json::to_string(data);
    let about = &historian.owner.reference;
    for more in 0..COLLISIONS_MAX {
        let collisions = before.saturating_add(more);
        let hash = hash::of(&text, collisions);
        let name = hash::name(&about.name, &hash);
        let revision = object_of(historian, data, number, &name, &hash);
        let created = cx
            .create(&CONTROLLER_REVISIONS, &about.namespace, revision)
            .await;
        match created {
            Err(status) if status.reason == Reason::AlreadyExists => {}
            Err(status) => return Err(status),
            Ok(_) => {
                return Ok(Kept {
                    name: name.into(),
                    hash: hash.into(),
                    collisions,
                    twins: Vec::new(),
                });
            }
        }
        let there = cx
            .get(&CONTROLLER_REVISIONS, &about.namespace, &name)
            .await?;
        if there.get("data") == Some(data) {
            let label = there.at(&["metadata", "labels", historian.hash_label]);
            let label = label.and_then(Value::as_str).unwrap_or(&hash);
            return Ok(Kept {
                name: name.into(),
                hash: label.into(),
                collisions,
                twins: Vec::new(),
            });
        }
    }
    Err(Status::internal("every name of a new revision is taken"))
}

fn object_of(historian: Historian<'_>, data: &Value, number: i64, name: &str, hash: &str) -> Value {
    let set = historian.set;
    let mut revision = Value::object();
    revision.set("apiVersion", "apps/v1");
    revision.set("kind", "ControllerRevision");
    let metadata = revision.child_mut("metadata");
    metadata.set("name", name);
    metadata.set("namespace", historian.owner.reference.namespace.clone());
    let labels = set.at(&["spec", "template", "metadata", "labels"]);
    let mut labels = labels.cloned().unwrap_or_else(Value::object);
    labels.set(historian.hash_label, hash);
    metadata.set("labels", labels);
    if let Some(annotations) = set.at(&["metadata", "annotations"]) {
        metadata.set("annotations", annotations.clone());
    }
    metadata.set("ownerReferences", vec![historian.owner.owner_reference()]);
    revision.set("data", data.clone());
    revision.set("revision", number);
    revision
}

/// Drops the oldest revisions beyond the limit that nobody uses.
pub(crate) async fn truncate(
    cx: &Context,
    revisions: &[Revision],
    live: &BTreeSet<CompactString>,
    limit: i64,
) -> Result<(), Status> {
    let gone = superfluous(revisions, live, limit);
    let deletions = gone
        .into_iter()
        .map(|revision| drop_one(cx, &revision.cached));
    for deleted in join_all(deletions).await {
        deleted?;
    }
    Ok(())
}

/// Drops a revision; one that is gone already is fine.
pub(crate) async fn drop_one(cx: &Context, revision: &Cached) -> Result<(), Status> {
    let meta = &revision.meta;
    let deleted = cx
        .delete(
            &CONTROLLER_REVISIONS,
            &meta.namespace,
            &meta.name,
            Deletion::default(),
        )
        .await;
    gone::passed_over(deleted)
}
