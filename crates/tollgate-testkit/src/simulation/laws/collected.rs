//! The garbage collector takes nothing that somebody owns.

use super::{Circumstances, Law};
use crate::simulation::mirror::{Change, Mirror, is_dying, uid};
use tollgate_api::Value;

const WORKER: &str = "garbage-collector-controller";
/// The finalizer of an owner that waits for what it owns to go.
const FOREGROUND: &str = "foregroundDeletion";

/// What is collected has no owner any more that means to keep it.
#[derive(Debug)]
pub(super) struct Owned;

/// Whether an owner keeps what it owns.
fn keeps(owner: &Value) -> bool {
    let finalizers = owner
        .get("metadata")
        .map_or(&[][..], |metadata| metadata.items("finalizers"));
    let waits = finalizers
        .iter()
        .any(|name| name.as_str() == Some(FOREGROUND));
    !(is_dying(owner) && waits)
}

impl Law for Owned {
    fn judge(
        &mut self,
        mirror: &Mirror,
        changes: &[Change],
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        if circumstances.worker != Some(WORKER) {
            return Ok(());
        }
        for change in changes {
            // One that goes already is only let go; of leases nothing is read.
            // Addresses go with their services.
            let old = change.old.as_deref();
            let is_read = change.key.resource() != "ipaddresses";
            let old = old.filter(|old| is_read && !is_dying(old) && !old.is_null());
            let Some(old) = old else {
                continue;
            };
            if change.new.as_deref().is_some_and(|new| !is_dying(new)) {
                continue;
            }
            let owners = old
                .get("metadata")
                .map_or(&[][..], |metadata| metadata.items("ownerReferences"));
            let kept = owners.iter().find(|reference| {
                let wanted = reference.str_or_empty("uid");
                let mut all = mirror.objects.values();
                all.any(|seen| uid(&seen.object) == wanted && keeps(&seen.object))
            });
            if let Some(owner) = kept {
                return Err(format!(
                    "{} was collected, its owner lives: {owner}",
                    change.key
                ));
            }
            if owners.is_empty() {
                return Err(format!("{} was collected and had no owner", change.key));
            }
        }
        Ok(())
    }
}
