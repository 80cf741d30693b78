//! Paths of files, as far as the API looks at them.

use tollgate_api::field::{Error, Errors, Path};

/// Relative, and without a step up: `validateLocalDescendingPath`.
pub(super) fn local_descending(target: &str, path: &Path<'_>, errors: &mut Errors) {
    if target.starts_with('/') {
        errors.push(Error::invalid(path, target, "must be a relative path"));
    }
    no_backsteps(target, path, errors);
}

/// Without a step up: `validatePathNoBacksteps`.
pub(super) fn no_backsteps(target: &str, path: &Path<'_>, errors: &mut Errors) {
    if has_backsteps(target) {
        errors.push(Error::invalid(path, target, "must not contain '..'"));
    }
}

/// Whether a step of the path is `..`.
pub(super) fn has_backsteps(target: &str) -> bool {
    target.split('/').any(|step| step == "..")
}

/// Relative, without a step up, and not beginning with two dots: `ValidateLocalNonReservedPath`.
pub(super) fn local_not_reserved(target: &str, path: &Path<'_>, errors: &mut Errors) {
    local_descending(target, path, errors);
    if target.starts_with("..") && !target.starts_with("../") {
        errors.push(Error::invalid(path, target, "must not start with '..'"));
    }
}
