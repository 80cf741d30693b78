//! `ValidateLease` and its update.

use super::Options;
use super::fields::{self, child};
use super::numbers::nonnegative;
use super::workload::metadata_update;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a Lease that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    validate_spec(child(object, "spec"), errors);
}

fn validate_spec(spec: &Value, errors: &mut Errors) {
    let path = Path::root("spec");
    if let Some(seconds) = spec.int("leaseDurationSeconds")
        && seconds <= 0
    {
        let path = path.child("leaseDurationSeconds");
        errors.push(Error::invalid(&path, seconds, "must be greater than 0"));
    }
    nonnegative(spec, "leaseTransitions", &path, errors);
}

/// Validates what a Lease becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, _options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_spec(child(new, "spec"), errors);
}
