//! The strategies of kinds: what the registry changes on an object that is about to be stored, after the mutating
//! admission and before validation.
//!
//! One kind, one file; the tables below say which function prepares what.

mod certificate_signing_request;
mod job;
mod lease;
mod node;
mod persistent_volume_claim;
pub mod pod;
mod service;

use tollgate_api::{GroupVersionKind, Release, Value};

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
    ("coordination.k8s.io", "Lease", lease::prepare_for_create),
    ("batch", "Job", job::prepare_for_create),
    ("", "Service", service::prepare_for_create),
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
    ("", "Service", service::prepare_for_update),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        certificate_signing_request::prepare_for_update,
    ),
    ("coordination.k8s.io", "Lease", lease::prepare_for_update),
];

/// Prepares a defaulted object of `kind` for its first storage as the registry of `release` does; returns warnings.
pub fn prepare_for_create(
    kind: &GroupVersionKind,
    object: &mut Value,
    release: Release,
) -> Vec<String> {
    CREATE
        .iter()
        .find(|(group, name, _)| kind.kind == *name && kind.group == *group)
        .map_or_else(Vec::new, |(_, _, prepare)| prepare(object, release))
}

/// Prepares what an object of `kind` becomes by an update: the status stays, and whatever the registry of `release` keeps.
pub fn prepare_for_update(kind: &GroupVersionKind, new: &mut Value, old: &Value, release: Release) {
    let found = UPDATE
        .iter()
        .find(|(group, name, _)| kind.kind == *name && kind.group == *group);
    if let Some((_, _, prepare)) = found {
        prepare(new, old, release);
    }
}
