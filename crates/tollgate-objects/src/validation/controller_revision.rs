//! `ValidateControllerRevision` and its update.

use super::Options;
use super::fields;
use super::numbers::nonnegative;
use super::workload::metadata_update;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a ControllerRevision that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    if object.get("data").is_none() {
        errors.push(Error::required(&Path::root("data"), "data is mandatory"));
    }
    nonnegative(object, "revision", &Path::root(""), errors);
}

/// Validates what a ControllerRevision becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_create(new, options, errors);
    fields::stays(new, old, "data", &Path::root("data"), errors);
}
