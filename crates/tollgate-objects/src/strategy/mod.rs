//! The strategies of kinds: what the registry changes on an object that is about to be stored, after the mutating
//! admission and before validation.
//!
//! One kind, one file; the tables below say which function prepares what.

mod certificate_signing_request;
mod custom_resource_definition;
mod daemon_set;
mod job;
mod lease;
mod node;
mod persistent_volume_claim;
pub mod pod;
pub mod service;
mod service_account;
mod stateful_set;
mod template;

use tollgate_api::{GroupVersionKind, Release, UserInfo, Value};

type PrepareForCreate = fn(&mut Value, Release) -> Vec<String>;

/// Group, kind, and what prepares it, whatever the version.
const CREATE: &[(&str, &str, PrepareForCreate)] = &[
    ("", "Node", node::prepare_for_create),
    (
        "",
        "PersistentVolumeClaim",
        persistent_volume_claim::prepare_for_create,
    ),
    ("", "Pod", pod::prepare_for_create),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        custom_resource_definition::prepare_for_create,
    ),
    ("coordination.k8s.io", "Lease", lease::prepare_for_create),
    ("apps", "DaemonSet", daemon_set::prepare_for_create),
    ("apps", "StatefulSet", stateful_set::prepare_for_create),
    ("batch", "Job", job::prepare_for_create),
    ("", "Service", service::prepare_for_create),
    ("", "ServiceAccount", service_account::prepare_for_create),
];

type PrepareForUpdate = fn(&mut Value, &Value, Release);

/// Group, kind, and what prepares an update, whatever the version.
const UPDATE: &[(&str, &str, PrepareForUpdate)] = &[
    ("", "Node", node::prepare_for_update),
    (
        "",
        "PersistentVolumeClaim",
        persistent_volume_claim::prepare_for_update,
    ),
    ("", "Pod", pod::prepare_for_update),
    ("", "Service", service::prepare_for_update),
    ("", "ServiceAccount", service_account::prepare_for_update),
    ("apps", "DaemonSet", daemon_set::prepare_for_update),
    ("apps", "StatefulSet", stateful_set::prepare_for_update),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        certificate_signing_request::prepare_for_update,
    ),
    ("coordination.k8s.io", "Lease", lease::prepare_for_update),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        custom_resource_definition::prepare_for_update,
    ),
];

/// Prepares a defaulted object of `kind` for its first storage as the registry of `release` does; returns warnings.
pub fn prepare_for_create(
    kind: &GroupVersionKind,
    object: &mut Value,
    release: Release,
) -> Vec<String> {
    template::drop_disabled(&kind.kind, object, &Value::Null, release);
    CREATE
        .iter()
        .find(|(group, name, _)| kind.kind == *name && kind.group == *group)
        .map_or_else(Vec::new, |(_, _, prepare)| prepare(object, release))
}

/// Writes down who made an object of `kind`, where objects say so; what they say themselves does not count.
pub fn note_author(kind: &GroupVersionKind, object: &mut Value, author: &UserInfo) {
    if kind.group == "certificates.k8s.io" && kind.kind == "CertificateSigningRequest" {
        certificate_signing_request::note_author(object, author);
    }
}

/// Shows what upstream keeps in fields of its own and tells in annotations: whoever writes the object manages them, too.
pub fn show_former_fields(kind: &GroupVersionKind, object: &mut Value) {
    if kind.kind == "DaemonSet" && kind.group == "apps" {
        daemon_set::show_generation(object);
    }
}

/// Takes what upstream keeps in fields of its own from the object as it was: a write of the status leaves it.
pub fn keep_former_fields(kind: &GroupVersionKind, new: &mut Value, old: &Value) {
    if kind.kind == "DaemonSet" && kind.group == "apps" {
        daemon_set::keep_generation(new, old);
    }
}

/// Whether the registry changes objects of `kind` before their first storage.
pub fn prepares_create(kind: &GroupVersionKind) -> bool {
    template::has_template(&kind.kind)
        || CREATE
            .iter()
            .any(|(group, name, _)| kind.kind == *name && kind.group == *group)
}

/// Prepares what an object of `kind` becomes by an update: the status stays, and whatever the registry of `release` keeps.
pub fn prepare_for_update(kind: &GroupVersionKind, new: &mut Value, old: &Value, release: Release) {
    template::drop_disabled(&kind.kind, new, old, release);
    let found = UPDATE
        .iter()
        .find(|(group, name, _)| kind.kind == *name && kind.group == *group);
    if let Some((_, _, prepare)) = found {
        prepare(new, old, release);
    }
}

/// Prepares what an object of `kind` becomes by an update through a subresource that changes a part of its own, such as
/// `ephemeralcontainers` of pods; tells whether this is one.
pub fn prepare_for_subresource_update(
    kind: &GroupVersionKind,
    subresource: &str,
    new: &mut Value,
    old: &Value,
) -> bool {
    kind.group.is_empty()
        && kind.kind == "Pod"
        && pod::subresources::prepare_for_update(subresource, new, old)
}

/// Prepares what an object of `kind` becomes through a subresource that changes its conditions and tells their times;
/// other kinds have none.
pub fn prepare_conditions(
    kind: &GroupVersionKind,
    subresource: &str,
    new: &mut Value,
    old: &Value,
    now: &str,
) {
    let is_request =
        kind.group == "certificates.k8s.io" && kind.kind == "CertificateSigningRequest";
    if is_request && matches!(subresource, "approval" | "status") {
        certificate_signing_request::prepare_conditions(subresource, new, old, now);
    }
}
