//! `ValidateServiceAccount` and its update.

use super::{Options, object_meta, object_meta_update};
use tollgate_api::field::{Errors, Path};
use tollgate_api::{Value, names};

/// Validates a ServiceAccount that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, true, names::dns1123_subdomain, &path, errors);
}

/// Validates what a ServiceAccount becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    let [new_metadata, old_metadata] =
        [new, old].map(|object| object.get("metadata").unwrap_or(&Value::Null));
    object_meta_update::validate(new_metadata, old_metadata, &Path::root("metadata"), errors);
    validate_create(new, options, errors);
}
