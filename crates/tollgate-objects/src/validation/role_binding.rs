//! `ValidateRoleBinding`, `ValidateClusterRoleBinding` and their updates.

use super::role::update_of_metadata;
use super::{Options, object_meta};
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Validates a RoleBinding that is to be created.
pub(super) fn validate_create(object: &Value, _options: &Options, errors: &mut Errors) {
    validate(object, true, errors);
}

/// Validates a ClusterRoleBinding that is to be created.
pub(super) fn validate_cluster_create(object: &Value, _options: &Options, errors: &mut Errors) {
    validate(object, false, errors);
}

fn validate(object: &Value, namespaced: bool, errors: &mut Errors) {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let path = Path::root("metadata");
    object_meta::validate(metadata, namespaced, names::path_segment, &path, errors);
    let reference = object.get("roleRef").unwrap_or(&Value::Null);
    role_reference(reference, namespaced, errors);
    let path = Path::root("subjects");
    for (place, subject) in object.items("subjects").iter().enumerate() {
        validate_subject(subject, namespaced, &path.index(place), errors);
    }
}

fn role_reference(reference: &Value, namespaced: bool, errors: &mut Errors) {
    let path = Path::root("roleRef");
    let group = reference.str_or_empty("apiGroup");
    if group != GROUP {
        errors.push(Error::not_supported(
            &path.child("apiGroup"),
            group,
            &[GROUP],
        ));
    }
    let kinds: &[&str] = if namespaced {
        &["Role", "ClusterRole"]
    } else {
        &["ClusterRole"]
    };
    let kind = reference.str_or_empty("kind");
    if !kinds.contains(&kind) {
        errors.push(Error::not_supported(&path.child("kind"), kind, kinds));
    }
    let name = reference.str_or_empty("name");
    let path = path.child("name");
    if name.is_empty() {
        errors.push(Error::required(&path, ""));
    } else {
        object_meta::invalid_each(names::path_segment(name), name, &path, errors);
    }
}

/// `ValidateRoleBindingSubject`; in a RoleBinding a service account's namespace may be left out.
fn validate_subject(subject: &Value, namespaced: bool, path: &Path<'_>, errors: &mut Errors) {
    let name = subject.str_or_empty("name");
    if name.is_empty() {
        errors.push(Error::required(&path.child("name"), ""));
    }
    let group = subject.str_or_empty("apiGroup");
    let expected = match subject.str_or_empty("kind") {
        "ServiceAccount" => {
            if !name.is_empty() {
                let messages = names::dns1123_subdomain(name);
                object_meta::invalid_each(messages, name, &path.child("name"), errors);
            }
            ""
        }
        "User" | "Group" => GROUP,
        kind => {
            let kinds = ["ServiceAccount", "User", "Group"];
            errors.push(Error::not_supported(&path.child("kind"), kind, &kinds));
            return;
        }
    };
    if group != expected {
        errors.push(Error::not_supported(
            &path.child("apiGroup"),
            group,
            &[expected],
        ));
    }
    let is_account = expected.is_empty();
    if is_account && !namespaced && subject.str_or_empty("namespace").is_empty() {
        errors.push(Error::required(&path.child("namespace"), ""));
    }
}

/// Validates what a RoleBinding becomes by an update.
pub(super) fn validate_update(new: &Value, old: &Value, options: &Options, errors: &mut Errors) {
    validate_create(new, options, errors);
    update(new, old, errors);
}

/// Validates what a ClusterRoleBinding becomes by an update.
pub(super) fn validate_cluster_update(
    new: &Value,
    old: &Value,
    options: &Options,
    errors: &mut Errors,
) {
    validate_cluster_create(new, options, errors);
    update(new, old, errors);
}

fn update(new: &Value, old: &Value, errors: &mut Errors) {
    update_of_metadata(new, old, errors);
    if new.get("roleRef") != old.get("roleRef") {
        let reference = new.get("roleRef").unwrap_or(&Value::Null);
        let shown: Value = ["apiGroup", "kind", "name"]
            .into_iter()
            .zip(["APIGroup", "Kind", "Name"])
            .map(|(field, go)| (go, Value::from(reference.str_or_empty(field))))
            .collect();
        let path = Path::root("roleRef");
        errors.push(Error::invalid(&path, shown, "cannot change roleRef"));
    }
}
