//! The strategy of Leases: coordinated elections are behind a gate that is off.

use tollgate_api::{Release, Value};

/// Fields of coordinated elections.
const COORDINATED: [&str; 2] = ["strategy", "preferredHolder"];

/// Prepares a Lease that is to be created.
pub(super) fn prepare_for_create(lease: &mut Value, _release: Release) -> Vec<String> {
    drop_coordinated(lease, &Value::Null);
    Vec::new()
}

/// Prepares what a Lease becomes by an update.
pub(super) fn prepare_for_update(new: &mut Value, old: &Value, _release: Release) {
    drop_coordinated(new, old);
}

/// Who has them already keeps them.
fn drop_coordinated(lease: &mut Value, old: &Value) {
    if COORDINATED
        .iter()
        .any(|field| old.at(&["spec", field]).is_some())
    {
        return;
    }
    if let Some(spec) = lease.get_mut("spec") {
        for field in COORDINATED {
            spec.remove(field);
        }
    }
}
