//! Volumes that lie on the node or are made for the pod.

use super::required;
use crate::validation::paths::{local_descending, no_backsteps};
use crate::validation::persistent_volume_claim;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

/// Sorted, as messages list them.
const HOST_PATH_TYPES: &[&str] = &[
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

pub(super) fn host_path(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let folder = source.str_or_empty("path");
    if folder.is_empty() {
        errors.push(Error::required(&path.child("path"), ""));
        return;
    }
    no_backsteps(folder, &path.child("path"), errors);
    if let Some(sort) = source.str("type")
        && !HOST_PATH_TYPES.contains(&sort)
    {
        errors.push(Error::not_supported(
            &path.child("type"),
            sort,
            HOST_PATH_TYPES,
        ));
    }
}

pub(super) fn git_repo(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "repository", path, errors);
    local_descending(
        source.str_or_empty("directory"),
        &path.child("directory"),
        errors,
    );
}

pub(super) fn flocker(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let name = source.str_or_empty("datasetName");
    match (
        name.is_empty(),
        source.str_or_empty("datasetUUID").is_empty(),
    ) {
        (true, true) => errors.push(Error::required(
            path,
            "one of datasetName and datasetUUID is required",
        )),
        (false, false) => errors.push(Error::invalid(
            path,
            "resource",
            "datasetName and datasetUUID can not be specified simultaneously",
        )),
        _ => {}
    }
    if name.contains('/') {
        errors.push(Error::invalid(
            &path.child("datasetName"),
            name,
            "must not contain '/'",
        ));
    }
}

pub(super) fn persistent_volume_claim(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "claimName", path, errors);
}

pub(super) fn flex_volume(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    required(source, "driver", path, errors);
    let path = path.child("options");
    for (key, _) in source.entries("options") {
        let domain = key.split_once('/').map_or(key, |(domain, _)| domain);
        let domain = format!(".{}", domain.to_lowercase());
        if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
            errors.push(Error::invalid(
                &path.key(key),
                key,
                "kubernetes.io and k8s.io namespaces are reserved",
            ));
        }
    }
}

pub(super) fn ephemeral(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("volumeClaimTemplate");
    match source.get("volumeClaimTemplate") {
        None => errors.push(Error::required(&path, "")),
        Some(template) => persistent_volume_claim::validate_template(template, &path, errors),
    }
}
