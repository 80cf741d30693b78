//! `ValidateVolumeAttachment` and its update.

use super::fields::{self, child};
use super::object_meta::invalid_each;
use super::object_meta_update::immutable;
use super::workload::metadata_update;
use super::{Options, csi, go_struct, persistent_volume};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const ONE: &str = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";

/// Validates a VolumeAttachment that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let spec = child(object, "spec");
    let path = Path::root("spec");
    let attacher = spec.str_or_empty("attacher");
    csi::driver_name(attacher, &path.child("attacher"), errors);
    source(child(spec, "source"), &path.child("source"), errors);
    let node = spec.str_or_empty("nodeName");
    let path = path.child("nodeName");
    invalid_each(names::dns1123_subdomain(node), node, &path, errors);
}

fn source(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    match (
        source.str("persistentVolumeName"),
        source.get("inlineVolumeSpec"),
    ) {
        (None, None) => errors.push(Error::required(path, ONE)),
        (Some(_), Some(_)) => errors.push(Error::forbidden(path, ONE)),
        (Some(""), None) => {
            let why = "must specify non empty persistentVolumeName";
            errors.push(Error::required(&path.child("persistentVolumeName"), why));
        }
        (Some(name), None) => {
            let path = path.child("persistentVolumeName");
            invalid_each(names::dns1123_subdomain(name), name, &path, errors);
        }
        (None, Some(volume)) => {
            let path = path.child("inlineVolumeSpec");
            persistent_volume::validate_inline(volume, &path, errors);
        }
    }
}

/// Validates what a VolumeAttachment becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    metadata_update(new, old, errors);
    validate_create(new, options, errors);
    if child(new, "spec") != child(old, "spec") {
        let shown = go_struct::of_field("storage.k8s.io/v1", "VolumeAttachment", "spec", new);
        immutable(&Path::root("spec"), shown, errors);
    }
}
