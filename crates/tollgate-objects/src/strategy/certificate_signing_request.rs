//! The strategy of CertificateSigningRequests: what was asked for is not asked again.

use tollgate_api::{Release, Value};

/// Prepares what a request becomes by an update: its spec and its status stay.
pub(super) fn prepare_for_update(new: &mut Value, old: &Value, _release: Release) {
    for field in ["spec", "status"] {
        match old.get(field) {
            Some(value) => new.set(field, value.clone()),
            None => {
                new.remove(field);
            }
        }
    }
}
