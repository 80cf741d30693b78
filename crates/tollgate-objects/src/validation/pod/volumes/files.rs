//! Volumes of files made from other objects: secrets, config maps, the downward API.

use super::super::field_ref;
use super::required;
use crate::validation::paths::local_not_reserved;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const MODE_MAX: i64 = 0o777;

/// Fields of the pod that a file can show, sorted.
const FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

pub(super) fn secret(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "secretName", path, errors);
    mode(source, "defaultMode", path, errors);
    items(source, path, errors);
}

pub(super) fn config_map(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "name", path, errors);
    mode(source, "defaultMode", path, errors);
    items(source, path, errors);
}

fn items(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("items");
    for (index, item) in source.items("items").iter().enumerate() {
        key_to_path(item, &path.index(index), errors);
    }
}

/// A key and the file it becomes: `validateKeyToPath`.
pub(super) fn key_to_path(item: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(item, "key", path, errors);
    required(item, "path", path, errors);
    local_not_reserved(item.str_or_empty("path"), &path.child("path"), errors);
    mode(item, "mode", path, errors);
}

/// Permissions of files.
pub(super) fn mode(holder: &Value, field: &'static str, path: &Path<'_>, errors: &mut Errors) {
    if let Some(mode) = holder
        .int(field)
        .filter(|mode| !(0..=MODE_MAX).contains(mode))
    {
        errors.push(Error::invalid(
            &path.child(field),
            mode,
            "must be a number between 0 and 0777 (octal), both inclusive",
        ));
    }
}

pub(super) fn downward_api(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    mode(source, "defaultMode", path, errors);
    for file in source.items("items") {
        downward_api_file(file, path, errors);
    }
}

/// One file of the downward API; upstream reports its errors at the volume, not at the file.
pub(super) fn downward_api_file(file: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(file, "path", path, errors);
    local_not_reserved(file.str_or_empty("path"), &path.child("path"), errors);
    match (file.get("fieldRef"), file.get("resourceFieldRef")) {
        (Some(field), resource) => {
            field_ref::object_field(field, FIELDS, &path.child("fieldRef"), errors);
            if resource.is_some() {
                errors.push(Error::invalid(
                    path,
                    "resource",
                    "fieldRef and resourceFieldRef can not be specified simultaneously",
                ));
            }
        }
        (None, Some(resource)) => {
            field_ref::resource_field(resource, true, &path.child("resourceFieldRef"), errors);
        }
        (None, None) => errors.push(Error::required(
            path,
            "one of fieldRef and resourceFieldRef is required",
        )),
    }
    mode(file, "mode", path, errors);
}
