//! `ValidateStorageClass`, `ValidateVolumeAttributesClass` and their updates.

use super::Options;
use super::fields;
use super::object_meta::invalid_each;
use super::workload::metadata_update;
use std::collections::BTreeSet;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

/// Validates a StorageClass that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    let root = Path::root("");
    fields::provisioner(object, "provisioner", &root, errors);
    fields::parameters(object, true, &Path::root("parameters"), errors);
    fields::word(
        object,
        "reclaimPolicy",
        &["Delete", "Retain"],
        &root,
        errors,
    );
    let modes = ["Immediate", "WaitForFirstConsumer"];
    fields::required_word(object, "volumeBindingMode", &modes, &root, errors);
    topologies(object, errors);
}

fn topologies(object: &Value, errors: &mut Errors) {
    let path = Path::root("allowedTopologies");
    let terms = object.items("allowedTopologies");
    for (place, term) in terms.iter().enumerate() {
        let path = path.index(place);
        let path = path.child("matchLabelExpressions");
        let mut keys = BTreeSet::new();
        for (place, requirement) in term.items("matchLabelExpressions").iter().enumerate() {
            let path = path.index(place);
            requirement_of_topology(requirement, &path, errors);
            let key = requirement.str_or_empty("key");
            if !keys.insert(key) {
                errors.push(Error::duplicate(&path.child("key"), key));
            }
        }
        let is_repeated = terms.iter().take(place).any(|earlier| earlier == term);
        if is_repeated {
            errors.push(Error::duplicate(&path, ""));
        }
    }
}

fn requirement_of_topology(requirement: &Value, path: &Path<'_>, errors: &mut Errors) {
    let values = requirement.items("values");
    let values_path = path.child("values");
    if values.is_empty() {
        errors.push(Error::required(&values_path, ""));
    }
    let mut seen = BTreeSet::new();
    for (place, value) in values.iter().enumerate() {
        let value = value.as_str().unwrap_or_default();
        if !seen.insert(value) {
            errors.push(Error::duplicate(&values_path.index(place), value));
        }
    }
    let key = requirement.str_or_empty("key");
    invalid_each(names::qualified_name(key), key, &path.child("key"), errors);
}

/// Validates what a StorageClass becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
    metadata_update(new, old, errors);
    for field in [
        "parameters",
        "provisioner",
        "reclaimPolicy",
        "volumeBindingMode",
    ] {
        fields::stays(new, old, field, &Path::root(field), errors);
    }
}

/// Validates a VolumeAttributesClass that is to be created.
pub(super) fn validate_attributes_create(object: &Value, _options: &Options, errors: &mut Errors) {
    fields::metadata(object, false, names::dns1123_subdomain, errors);
    fields::provisioner(object, "driverName", &Path::root(""), errors);
    fields::parameters(object, false, &Path::root("parameters"), errors);
}

/// Validates what a VolumeAttributesClass becomes by an update.
pub(super) fn validate_attributes_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    metadata_update(new, old, errors);
    validate_attributes_create(new, options, errors);
    for field in ["driverName", "parameters"] {
        if new.get(field) != old.get(field) {
            let why = format!("updates to {field} are forbidden.");
            errors.push(Error::forbidden(&Path::root(field), why));
        }
    }
}
