//! What controllers ask of a namespace.

use crate::controller::{Outcome, Requeue};
use crate::driver::Cache;
use crate::resources::NAMESPACES;
use tollgate_api::Status;
use tollgate_api::status::Reason;

/// The cause of a refusal because the namespace is on its way out.
const TERMINATING: &str = "NamespaceTerminating";

/// Whether a namespace is there and takes in new objects.
pub(crate) fn is_active(cache: &Cache, name: &str) -> Result<bool, Status> {
    let Some(namespace) = cache.get(&NAMESPACES, "", name) else {
        return Ok(false);
    };
    if namespace.meta.deleted.is_some() {
        return Ok(false);
    }
    let phase = namespace.object()?;
    let phase = phase
        .get("status")
        .map(|status| status.str_or_empty("phase"));
    Ok(phase != Some("Terminating"))
}

/// Whether a namespace is known to be on its way out: nothing can be made there any more.
pub(crate) fn is_known_to_end(cache: &Cache, name: &str) -> bool {
    let namespace = cache.get(&NAMESPACES, "", name);
    namespace.is_some_and(|namespace| namespace.meta.deleted.is_some())
}

/// Whether something was refused because its namespace is on its way out.
pub(crate) fn is_ending(status: &Status) -> bool {
    let causes = status.details.as_ref().map(|details| &details.causes);
    let mut causes = causes.into_iter().flatten();
    causes.any(|cause| cause.reason == TERMINATING)
}

/// The outcome of a write into a namespace that may be on its way out: then there is nothing to be done any more.
pub(crate) fn unless_it_ends(status: Status) -> Outcome {
    if is_ending(&status) || status.reason == Reason::NotFound {
        return Ok(Requeue::No);
    }
    Err(status)
}
