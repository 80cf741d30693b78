//! Volumes of files from several objects: `validateProjectedVolumeSource`.
//!
//! Trust bundles and pod certificates are behind gates that are off in 1.36: the strategy drops them before.

use super::files::{downward_api_file, key_to_path, mode};
use super::required;
use crate::validation::paths::local_not_reserved;
use std::collections::BTreeSet;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const EXPIRATION_SECONDS_MIN: i64 = 10 * 60;
const EXPIRATION_SECONDS_MAX: i64 = 1 << 32;

pub(super) fn validate(projected: &Value, path: &Path<'_>, errors: &mut Errors) {
    mode(projected, "defaultMode", path, errors);
    let mut paths = Paths::default();
    let sources_path = path.child("sources");
    for (index, source) in projected.items("sources").iter().enumerate() {
        let source_path = sources_path.index(index);
        let mut sources = 0_usize;
        for sort in ["secret", "configMap"] {
            if let Some(object) = source.get(sort) {
                sources = sources.saturating_add(1);
                keys(object, &mut paths, path, &source_path.child(sort), errors);
            }
        }
        if let Some(downward_api) = source.get("downwardAPI") {
            sources = sources.saturating_add(1);
            let source_path = source_path.child("downwardAPI");
            for file in downward_api.items("items") {
                downward_api_file(file, &source_path, errors);
                let file = file.str_or_empty("path");
                paths.claim(file, file, path, errors);
            }
        }
        if let Some(token) = source.get("serviceAccountToken") {
            sources = sources.saturating_add(1);
            let source_path = source_path.child("serviceAccountToken");
            account_token(token, path, &source_path, errors);
        }
        if sources > 1 {
            errors.push(Error::forbidden(
                &source_path,
                "may not specify more than 1 volume type per source",
            ));
        }
    }
}

/// The paths that are taken.
#[derive(Default)]
struct Paths<'v>(BTreeSet<&'v str>);

impl<'v> Paths<'v> {
    /// Takes a path, or reports with `shown` that it is taken; the error stands at the volume.
    fn claim(&mut self, taken: &'v str, shown: &str, path: &Path<'_>, errors: &mut Errors) {
        if !taken.is_empty() && !self.0.insert(taken) {
            errors.push(Error::invalid(path, shown, "conflicting duplicate paths"));
        }
    }
}

fn keys<'v>(
    object: &'v Value,
    paths: &mut Paths<'v>,
    volume_path: &Path<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    required(object, "name", path, errors);
    let name = object.str_or_empty("name");
    let path = path.child("items");
    for (index, item) in object.items("items").iter().enumerate() {
        key_to_path(item, &path.index(index), errors);
        paths.claim(item.str_or_empty("path"), name, volume_path, errors);
    }
}

fn account_token(token: &Value, volume_path: &Path<'_>, path: &Path<'_>, errors: &mut Errors) {
    let seconds = token.int("expirationSeconds").unwrap_or_default();
    let seconds_path = path.child("expirationSeconds");
    if seconds < EXPIRATION_SECONDS_MIN {
        errors.push(Error::invalid(
            &seconds_path,
            seconds,
            "may not specify a duration less than 10 minutes",
        ));
    }
    if seconds > EXPIRATION_SECONDS_MAX {
        errors.push(Error::invalid(
            &seconds_path,
            seconds,
            "may not specify a duration larger than 2^32 seconds",
        ));
    }
    let file = token.str_or_empty("path");
    let path = volume_path.child("path");
    if file.is_empty() {
        errors.push(Error::required(&path, ""));
    } else {
        local_not_reserved(file, &path, errors);
    }
}
