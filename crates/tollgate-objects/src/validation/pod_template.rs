//! `ValidatePodTemplate` and its update.

use super::fields::{self, child};
use super::workload::metadata_update;
use super::{Options, pod};
use tollgate_api::field::{Errors, Path};
use tollgate_api::{Value, names};

/// Validates a PodTemplate that is to be created.
pub(super) fn validate_create(object: &Value, options: &Options, errors: &mut Errors) {
    fields::metadata(object, true, names::dns1123_subdomain, errors);
    let template = child(object, "template");
    pod::validate_template(template, &Path::root("template"), options, errors);
}

/// Validates what a PodTemplate becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    let template = child(new, "template");
    pod::validate_template(template, &Path::root("template"), options, errors);
}
