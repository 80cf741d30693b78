//! What a pod as a whole asks of one resource: containers and sidecars together, or its init containers if one of
//! them needs more, unless the pod says it itself.

use tollgate_api::pod_resources::{Sum as _, over_containers};
use tollgate_api::{Quantity, Value};

/// What `spec` asks in `list` (`requests` or `limits`) of `resource`; none if nothing in the pod asks for it.
///
/// Overhead never counts here.
pub(super) fn total(spec: &Value, list: &str, resource: &str) -> Option<Quantity> {
    // Of the pod's own resources only these two replace the sum, even by less; huge pages do not.
    if matches!(resource, "cpu" | "memory")
        && let Some(own) = amount(spec, list, resource)
    {
        return Some(own);
    }
    over_containers(spec, |sum: &mut Option<Quantity>, container, _| {
        sum.add(&amount(container, list, resource));
    })
}

/// What a container, a pod spec or a claim spec asks in `list` of `resource`.
pub(super) fn amount(owner: &Value, list: &str, resource: &str) -> Option<Quantity> {
    let list = owner.at(&["resources", list])?.as_object()?;
    Quantity::from_value(list.get_or_null(resource)?).ok()
}
