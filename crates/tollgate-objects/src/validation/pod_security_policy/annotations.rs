//! The annotations that list and name AppArmor and seccomp profiles.

use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::quote;

const APP_ARMOR_DEFAULT: &str = "apparmor.security.beta.kubernetes.io/defaultProfileName";
const APP_ARMOR_ALLOWED: &str = "apparmor.security.beta.kubernetes.io/allowedProfileNames";
const SECCOMP_DEFAULT: &str = "seccomp.security.alpha.kubernetes.io/defaultProfileName";
const SECCOMP_ALLOWED: &str = "seccomp.security.alpha.kubernetes.io/allowedProfileNames";

pub(super) fn validate(policy: &Value, errors: &mut Errors) {
    let Some(annotations) = policy.at(&["metadata", "annotations"]) else {
        return;
    };
    let metadata = Path::root("metadata");
    let path = metadata.child("annotations");
    let text = |key| annotations.str_or_empty(key);

    app_armor(
        text(APP_ARMOR_DEFAULT),
        text(APP_ARMOR_DEFAULT),
        &path.key(APP_ARMOR_DEFAULT),
        errors,
    );
    for name in names(text(APP_ARMOR_ALLOWED)) {
        app_armor(
            name,
            text(APP_ARMOR_ALLOWED),
            &path.key(APP_ARMOR_ALLOWED),
            errors,
        );
    }
    if !text(SECCOMP_DEFAULT).is_empty() {
        seccomp(text(SECCOMP_DEFAULT), &path.key(SECCOMP_DEFAULT), errors);
    }
    for name in names(text(SECCOMP_ALLOWED)).filter(|name| *name != "*") {
        seccomp(name, &path.key(SECCOMP_ALLOWED), errors);
    }
}

/// The names in a list; an empty annotation lists none.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(move |_| !list.is_empty())
}

/// The whole annotation is shown, the bad name stands in the detail.
fn app_armor(name: &str, annotation: &str, path: &Path<'_>, errors: &mut Errors) {
    let is_good =
        matches!(name, "" | "runtime/default" | "unconfined") || name.starts_with("localhost/");
    if !is_good {
        let detail = format!("invalid AppArmor profile name: {}", quote(name));
        errors.push(Error::invalid(path, annotation, detail));
    }
}

fn seccomp(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if matches!(name, "runtime/default" | "docker/default" | "unconfined") {
        return;
    }
    let Some(file) = name.strip_prefix("localhost/") else {
        errors.push(Error::invalid(
            path,
            name,
            "must be a valid seccomp profile",
        ));
        return;
    };
    if file.starts_with('/') {
        errors.push(Error::invalid(path, file, "must be a relative path"));
    }
    if file.split('/').any(|step| step == "..") {
        errors.push(Error::invalid(path, file, "must not contain '..'"));
    }
}
