//! Whether the owners that an object names are there.

use super::GarbageCollector;
use super::graph::{FOREGROUND, Node, group_of};
use crate::context::Context;
use crate::driver::{Meta, Owner};
use crate::events::{EventType, Reference};
use tollgate_api::Status;
use tollgate_api::client::ServedResource;
use tollgate_api::status::Reason;
use tollgate_api::value::CompactString;

/// What is known of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is there.
    Solid,
    /// It is not there.
    Dangling,
    /// It waits for its dependents to go.
    Waiting,
}

/// The owners of an object, by what is known of them; none of them is lost.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// How many are there.
    pub(super) solid: usize,
    /// The ids of those that are not there.
    pub(super) dangling: Vec<CompactString>,
    /// The ids of those that wait.
    pub(super) waiting: Vec<CompactString>,
}

/// Looks for the owners of an object. None if one can never be found, so that the object stays.
pub(super) async fn look(
    collector: &GarbageCollector,
    context: &Context,
    uid: &str,
    node: &Node,
    owners: &[Owner],
) -> Result<Option<Owners>, Status> {
    let served = context.resources();
    let mut found = Owners::default();
    for owner in owners {
        let resource = resolve(&served, owner)?;
        if is_foreign(collector, owner, node) {
            warn(context, &served, uid, node, owner);
        }
        if node.meta.namespace.is_empty() && resource.namespaced {
            return Ok(None);
        }
        match standing(collector, context, node, owner, resource).await? {
            Standing::Solid => found.solid = found.solid.saturating_add(1),
            Standing::Dangling => found.dangling.push(owner.uid.clone()),
            Standing::Waiting => found.waiting.push(owner.uid.clone()),
        }
    }
    Ok(Some(found))
}

/// The resource of an owner's kind. What is not served may be served later: nothing is deleted for its sake.
fn resolve<'s>(served: &'s [ServedResource], owner: &Owner) -> Result<&'s ServedResource, Status> {
    let group = group_of(&owner.api_version);
    let mut served = served.iter();
    let found = served.find(|served| served.resource.group == group && served.kind == owner.kind);
    found.ok_or_else(|| {
        Status::plain(format!(
            "unable to get REST mapping for {}/{}.",
            owner.api_version, owner.kind
        ))
    })
}

async fn standing(
    collector: &GarbageCollector,
    context: &Context,
    node: &Node,
    owner: &Owner,
    served: &ServedResource,
) -> Result<Standing, Status> {
    {
        let graph = collector.graph();
        if let Some(known) = graph.node(&owner.uid)
            && known.is_meant_by(owner, &node.meta.namespace)
            && known.resource.resource == served.resource.resource
        {
            return Ok(if known.waits() {
                Standing::Waiting
            } else {
                Standing::Solid
            });
        }
        if graph.is_gone(&owner.uid) {
            return Ok(Standing::Dangling);
        }
    }
    let namespace = if served.namespaced {
        node.meta.namespace.as_str()
    } else {
        ""
    };
    let found = match context.get(&served.resource, namespace, &owner.name).await {
        Ok(found) => Meta::of(&found),
        Err(status) if status.reason == Reason::NotFound => return Ok(Standing::Dangling),
        Err(status) => return Err(status),
    };
    Ok(if found.uid != owner.uid {
        Standing::Dangling
    } else if found.deleted.is_some() && found.has_finalizer(FOREGROUND) {
        Standing::Waiting
    } else {
        Standing::Solid
    })
}

/// Whether the owner is known, but in another namespace, where it can own nothing here.
fn is_foreign(collector: &GarbageCollector, owner: &Owner, node: &Node) -> bool {
    let graph = collector.graph();
    graph.node(&owner.uid).is_some_and(|known| {
        !known.meta.namespace.is_empty() && known.meta.namespace != node.meta.namespace
    })
}

fn warn(context: &Context, served: &[ServedResource], uid: &str, node: &Node, owner: &Owner) {
    let kind = served
        .iter()
        .find(|served| served.resource == *node.resource)
        .map_or_else(CompactString::default, |served| served.kind.clone());
    let about = Reference {
        api_version: node.resource.api_version().into(),
        kind,
        namespace: node.meta.namespace.clone(),
        name: node.meta.name.clone(),
        uid: uid.into(),
        resource_version: CompactString::default(),
        field_path: CompactString::default(),
    };
    let message = format!(
        "ownerRef [{}/{}, namespace: {}, name: {}, uid: {}] does not exist in namespace \"{}\"",
        owner.api_version,
        owner.kind,
        node.meta.namespace,
        owner.name,
        owner.uid,
        node.meta.namespace
    );
    context.event(
        about,
        EventType::Warning,
        "OwnerRefInvalidNamespace",
        message,
    );
}
