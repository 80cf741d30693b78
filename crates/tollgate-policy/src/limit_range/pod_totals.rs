//! What a pod as a whole asks of one resource: containers and sidecars together, or its init containers if one of
//! them needs more, unless the pod says it itself.

use std::cmp::Ordering;
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
    let mut total = None;
    for container in spec.items("containers") {
        add(&mut total, amount(container, list, resource));
    }
    let mut sidecars = None;
    let mut peak = None;
    for container in spec.items("initContainers") {
        let own = amount(container, list, resource);
        if container.str("restartPolicy") == Some("Always") {
            add(&mut total, own.clone());
            add(&mut sidecars, own);
            raise(&mut peak, sidecars.clone());
        } else {
            // Runs beside the sidecars that were started before it.
            let mut needed = own;
            add(&mut needed, sidecars.clone());
            raise(&mut peak, needed);
        }
    }
    raise(&mut total, peak);
    total
}

/// What a container, a pod spec or a claim spec asks in `list` of `resource`.
pub(super) fn amount(owner: &Value, list: &str, resource: &str) -> Option<Quantity> {
    let list = owner.at(&["resources", list])?.as_object()?;
    Quantity::from_value(list.get_or_null(resource)?).ok()
}

fn add(total: &mut Option<Quantity>, amount: Option<Quantity>) {
    match (total.as_mut(), amount) {
        (Some(total), Some(amount)) => total.add(&amount),
        (None, amount) => *total = amount,
        (Some(_), None) => {}
    }
}

fn raise(peak: &mut Option<Quantity>, amount: Option<Quantity>) {
    let higher = match (peak.as_ref(), amount.as_ref()) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(peak), Some(amount)) => amount.compare(peak) == Ordering::Greater,
    };
    if higher {
        *peak = amount;
    }
}
