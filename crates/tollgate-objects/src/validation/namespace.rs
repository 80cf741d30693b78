//! `ValidateNamespace`, its update and the update of its finalizers.

use super::{Options, object_meta, object_meta_update};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a Namespace that is to be created. What its Pod Security labels say is admission's business.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, false, names::dns1123_label, &path, errors);
    finalizers(object, errors);
}

fn finalizers(object: &Value, errors: &mut Errors) {
    let spec = Path::root("spec");
    let path = spec.child("finalizers");
    let items = object
        .get("spec")
        .map_or(&[][..], |spec| spec.items("finalizers"));
    for finalizer in items.iter().filter_map(Value::as_str) {
        finalizer_name(finalizer, &path, errors);
    }
}

/// A namespace's own finalizers: `kubernetes`, or a qualified name with a prefix.
fn finalizer_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    object_meta::invalid_each(names::qualified_name(name), name, path, errors);
    let standard = matches!(name, "kubernetes" | "orphan" | "foregroundDeletion");
    if !name.contains('/') && !standard {
        let why = "name is neither a standard finalizer name nor is it fully qualified";
        errors.push(Error::invalid(path, name, why));
    }
}

/// Validates what a Namespace becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
    metadata_update(new, old, errors);
}

fn metadata_update(new: &Value, old: &Value, errors: &mut Errors) {
    let [new_metadata, old_metadata] =
        [new, old].map(|object| object.get("metadata").unwrap_or(&Value::Null));
    object_meta_update::validate(new_metadata, old_metadata, &Path::root("metadata"), errors);
}

/// Validates an update of `status`.
pub(super) fn validate_status_update(
    new: &Value,
    old: &Value,
    _options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    let phase = new
        .at(&["status", "phase"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let status = Path::root("status");
    let path = status.child("Phase");
    let deleted = new.at(&["metadata", "deletionTimestamp"]).is_some();
    if !deleted && phase != "Active" {
        let why = "may only be 'Active' if `deletionTimestamp` is empty";
        errors.push(Error::invalid(&path, phase, why));
    }
    if deleted && phase != "Terminating" {
        let why = "may only be 'Terminating' if `deletionTimestamp` is not empty";
        errors.push(Error::invalid(&path, phase, why));
    }
}

/// Validates an update of `spec.finalizers` through the subresource `finalize`.
pub fn validate_finalize_update(new: &Value, old: &Value, errors: &mut Errors) {
    validate_update(new, old, &Options::default(), errors);
    finalizers(new, errors);
}
