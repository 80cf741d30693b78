//! Who an object is does not change while it is there, and nothing comes into a namespace that goes.

use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror, is_dying, meta};
use tollgate_api::Value;

/// Metadata goes one way only.
#[derive(Debug)]
pub(super) struct Identity;

fn generation(object: &Value) -> i64 {
    let metadata = object.get("metadata");
    metadata
        .and_then(|metadata| metadata.int("generation"))
        .unwrap_or_default()
}

/// The spec as far as its changes are counted: a binding is none.
fn spec(change: &Change, object: &Value) -> Option<Value> {
    let mut spec = object.get("spec")?.clone();
    if change.is_of("", "pods") {
        spec.remove("nodeName");
    }
    Some(spec)
}

fn fault(change: &Change, old: &Value, new: &Value) -> Option<&'static str> {
    if meta(old, "creationTimestamp") != meta(new, "creationTimestamp") {
        return Some("was made at another time than before");
    }
    if is_dying(old) && !is_dying(new) {
        return Some("is to stay after all");
    }
    let (before, after) = (generation(old), generation(new));
    if after < before {
        return Some("has gone back to an earlier generation");
    }
    if before > 0 && after == before && spec(change, old) != spec(change, new) {
        return Some("has another spec in the same generation");
    }
    None
}

impl Law for Identity {
    fn judge(
        &mut self,
        _: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes {
            let (Some(old), Some(new)) = (&change.old, &change.new) else {
                continue;
            };
            if !old.is_null() && change.both().is_none() {
                return Err(format!("{} was replaced without being deleted", change.key));
            }
            if let Some(fault) = fault(change, old, new) {
                return Err(format!("{} {fault}: {old} and now {new}", change.key));
            }
        }
        Ok(())
    }
}

/// Nothing is made where there is no namespace, or one that goes.
#[derive(Debug)]
pub(super) struct Namespaces;

impl Law for Namespaces {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        _: Circumstances<'_>,
    ) -> Result<(), String> {
        for change in changes {
            let name = change.key.namespace();
            let is_new = change.old.is_none() && change.new.is_some();
            if name.is_empty() || !is_new {
                continue;
            }
            match mirror.get("", "namespaces", "", name) {
                None => return Err(format!("{} came without its namespace", change.key)),
                Some(namespace) if is_dying(namespace) => {
                    return Err(format!("{} came into a namespace that goes", change.key));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
