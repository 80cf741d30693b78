//! What is done with an object: it goes, it is let go, or its dependents are.

use super::GarbageCollector;
use super::graph::{FOREGROUND, Node, ORPHAN};
use super::owners::{self, Owners};
use crate::context::Context;
use crate::controller::{Outcome, Requeue};
use crate::driver::Meta;
use crate::gone;
use futures_util::future::join_all;
use tollgate_api::client::{Deletion, PatchKind, Propagation, Target};
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

/// How many dependents are changed at once: they share one sync of the disk.
const BATCH_MAX: usize = 64;

/// Deletes an object that no owner holds any more, or lets go one that waited for its dependents.
pub(super) async fn delete(
    collector: &GarbageCollector,
    context: &Context,
    uid: &str,
    node: &Node,
) -> Outcome {
    if node.is_ending() && !node.waits() {
        return Ok(Requeue::No);
    }
    if node.waits() {
        if collector.graph().is_blocked(uid) {
            return Ok(Requeue::No);
        }
        return remove_finalizer(context, uid, node, FOREGROUND).await;
    }
    if is_surely_owned(collector, node) {
        return Ok(Requeue::No);
    }
    let Some(latest) = latest(context, uid, node).await? else {
        return Ok(Requeue::No);
    };
    let meta = Meta::of(&latest);
    if meta.owners.is_empty() {
        return Ok(Requeue::No);
    }
    let found = owners::look(collector, context, uid, node, &meta.owners).await?;
    let Some(found) = found else {
        return Ok(Requeue::No);
    };
    act(collector, context, uid, node, &latest, &found).await
}

/// Whether all owners are known and none of them waits; then nothing is asked.
fn is_surely_owned(collector: &GarbageCollector, node: &Node) -> bool {
    let graph = collector.graph();
    let mut owners = node.meta.owners.iter();
    owners.all(|owner| {
        let known = graph.node(&owner.uid);
        known.is_some_and(|known| !known.waits() && known.is_meant_by(owner, &node.meta.namespace))
    })
}

async fn act(
    collector: &GarbageCollector,
    context: &Context,
    uid: &str,
    node: &Node,
    latest: &Value,
    found: &Owners,
) -> Outcome {
    if found.solid > 0 {
        let mut lost = found.dangling.clone();
        lost.extend(found.waiting.iter().cloned());
        return drop_owners(context, node, latest, &lost).await;
    }
    let meta = Meta::of(latest);
    let mut version = metadata(latest).str_or_empty("resourceVersion").to_owned();
    let mut propagation = if meta.has_finalizer(ORPHAN) {
        Propagation::Orphan
    } else if meta.has_finalizer(FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    if !found.waiting.is_empty() {
        let (has_dependents, is_circle) = {
            let graph = collector.graph();
            let mut dependents = graph.dependents(uid).peekable();
            (dependents.peek().is_some(), dependents.any(Node::waits))
        };
        if has_dependents {
            propagation = Propagation::Foreground;
        }
        if is_circle {
            // Each would wait for the other: this one holds nobody.
            version = unblock_owners(context, node, latest).await?;
        }
    }
    let deletion = Deletion {
        propagation: Some(propagation),
        uid: Some(uid.into()),
        resource_version: Some(version.into()),
        grace_period_seconds: None,
    };
    let deleted = context.delete(
        &node.resource,
        &node.meta.namespace,
        &node.meta.name,
        deletion,
    );
    gone::outcome(deleted.await)
}

/// Takes an owner away from all its dependents, then lets it go.
pub(super) async fn orphan(
    collector: &GarbageCollector,
    context: &Context,
    uid: &str,
    node: &Node,
) -> Outcome {
    if !node.orphans() {
        return Ok(Requeue::No);
    }
    let dependents: Vec<Node> = collector.graph().dependents(uid).cloned().collect();
    let owner = [CompactString::new(uid)];
    for batch in dependents.chunks(BATCH_MAX) {
        let batch = batch.iter().map(|dependent| {
            let owner = &owner;
            async move {
                match latest(context, &dependent.meta.uid, dependent).await? {
                    Some(latest) => drop_owners(context, dependent, &latest, owner).await,
                    None => Ok(Requeue::No),
                }
            }
        });
        let outcomes: Result<Vec<Requeue>, Status> = join_all(batch).await.into_iter().collect();
        outcomes?;
    }
    remove_finalizer(context, uid, node, ORPHAN).await
}

/// The object as it is now; none if it is gone or another one has its name.
async fn latest(context: &Context, uid: &str, node: &Node) -> Result<Option<Value>, Status> {
    match context
        .get(&node.resource, &node.meta.namespace, &node.meta.name)
        .await
    {
        Ok(object) => Ok((metadata(&object).str("uid") == Some(uid)).then_some(object)),
        Err(status) if status.reason == Reason::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}

fn metadata(object: &Value) -> &Value {
    object.get("metadata").unwrap_or(&Value::Null)
}

async fn drop_owners(
    context: &Context,
    node: &Node,
    latest: &Value,
    lost: &[CompactString],
) -> Outcome {
    let owners = metadata(latest).items("ownerReferences");
    let kept = owners
        .iter()
        .filter(|owner| !lost.iter().any(|lost| owner.str("uid") == Some(lost)));
    let kept: Vec<Value> = kept.cloned().collect();
    if kept.len() == owners.len() {
        return Ok(Requeue::No);
    }
    gone::outcome(
        change(context, node, latest, "ownerReferences", kept)
            .await
            .map(|_| ()),
    )
}

/// Makes an object hold none of its owners, and gives its new resourceVersion.
async fn unblock_owners(context: &Context, node: &Node, latest: &Value) -> Result<String, Status> {
    let mut owners = metadata(latest).items("ownerReferences").to_vec();
    for owner in &mut owners {
        if owner.bool("blockOwnerDeletion") == Some(true) {
            owner.set("blockOwnerDeletion", false);
        }
    }
    change(context, node, latest, "ownerReferences", owners).await
}

async fn remove_finalizer(context: &Context, uid: &str, node: &Node, name: &str) -> Outcome {
    let Some(latest) = latest(context, uid, node).await? else {
        return Ok(Requeue::No);
    };
    let finalizers = metadata(&latest).items("finalizers");
    let others = finalizers.iter();
    let others: Vec<Value> = others
        .filter(|finalizer| finalizer.as_str() != Some(name))
        .cloned()
        .collect();
    if others.len() == finalizers.len() {
        return Ok(Requeue::No);
    }
    gone::outcome(
        change(context, node, &latest, "finalizers", others)
            .await
            .map(|_| ()),
    )
}

/// Replaces a list in the metadata of an object that nobody else has changed meanwhile.
async fn change(
    context: &Context,
    node: &Node,
    latest: &Value,
    list: &'static str,
    items: Vec<Value>,
) -> Result<String, Status> {
    let mut patch = Value::object();
    let part = patch.child_mut("metadata");
    let version = metadata(latest).get("resourceVersion").cloned();
    part.set("resourceVersion", version.unwrap_or_default());
    part.set("uid", metadata(latest).str_or_empty("uid"));
    let items = if items.is_empty() {
        Value::Null
    } else {
        Value::Array(items)
    };
    part.set(list, items);
    let target = Target::object(&node.resource, &node.meta.namespace, &node.meta.name);
    let changed = context.patch(target, PatchKind::Merge, patch).await?;
    Ok(changed.revision.to_string())
}
