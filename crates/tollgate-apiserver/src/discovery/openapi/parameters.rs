//! The parameters of requests.

use super::fields::flattened;
use super::operation::{Parameter, Place};
use tollgate_api::GroupVersionKind;
use tollgate_objects::schema::{ShapeRef, type_of};

const fn query(name: &'static str, kind: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Query,
        kind,
        stays: false,
    }
}

const fn staying(name: &'static str, kind: &'static str) -> Parameter {
    Parameter {
        stays: true,
        ..query(name, kind)
    }
}

const fn path(name: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Path,
        kind: "string",
        stays: false,
    }
}

/// A namespace in the path.
pub(super) const NAMESPACE: Parameter = path("namespace");
/// An object's name in the path.
pub(super) const NAME: Parameter = path("name");
/// What a proxy passes on.
pub(super) const PATH: Parameter = path("path");
/// Whether the answer is indented.
pub(super) const PRETTY: Parameter = query("pretty", "string");

const CONTINUE: Parameter = query("continue", "string");
const FIELD_SELECTOR: Parameter = query("fieldSelector", "string");
const LABEL_SELECTOR: Parameter = query("labelSelector", "string");
const LIMIT: Parameter = query("limit", "integer");
const RESOURCE_VERSION: Parameter = query("resourceVersion", "string");
const RESOURCE_VERSION_MATCH: Parameter = query("resourceVersionMatch", "string");
const SEND_INITIAL_EVENTS: Parameter = query("sendInitialEvents", "boolean");
const TIMEOUT_SECONDS: Parameter = query("timeoutSeconds", "integer");
const DRY_RUN: Parameter = staying("dryRun", "string");
const FIELD_MANAGER: Parameter = staying("fieldManager", "string");
const FIELD_VALIDATION: Parameter = staying("fieldValidation", "string");
const GRACE_PERIOD_SECONDS: Parameter = query("gracePeriodSeconds", "integer");
const IGNORE_READ_ERROR: Parameter = query(
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "boolean",
);
const ORPHAN_DEPENDENTS: Parameter = query("orphanDependents", "boolean");
const PROPAGATION_POLICY: Parameter = query("propagationPolicy", "string");

/// Lists and watches.
pub(super) const LIST: [Parameter; 10] = [
    query("allowWatchBookmarks", "boolean"),
    CONTINUE,
    FIELD_SELECTOR,
    LABEL_SELECTOR,
    LIMIT,
    RESOURCE_VERSION,
    RESOURCE_VERSION_MATCH,
    SEND_INITIAL_EVENTS,
    TIMEOUT_SECONDS,
    query("watch", "boolean"),
];

/// Creates and updates.
pub(super) const WRITE: [Parameter; 3] = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];

/// Patches.
pub(super) const PATCH: [Parameter; 4] = [
    DRY_RUN,
    FIELD_MANAGER,
    FIELD_VALIDATION,
    staying("force", "boolean"),
];

/// Deletions.
pub(super) const DELETE: [Parameter; 5] = [
    DRY_RUN,
    GRACE_PERIOD_SECONDS,
    IGNORE_READ_ERROR,
    ORPHAN_DEPENDENTS,
    PROPAGATION_POLICY,
];

/// Deletions of collections.
pub(super) const DELETE_COLLECTION: [Parameter; 13] = [
    CONTINUE,
    DRY_RUN,
    FIELD_SELECTOR,
    GRACE_PERIOD_SECONDS,
    IGNORE_READ_ERROR,
    LABEL_SELECTOR,
    LIMIT,
    ORPHAN_DEPENDENTS,
    PROPAGATION_POLICY,
    RESOURCE_VERSION,
    RESOURCE_VERSION_MATCH,
    SEND_INITIAL_EVENTS,
    TIMEOUT_SECONDS,
];

/// The options of a kind (`PodExecOptions`), which such a request has in its query.
pub(super) fn of_options(kind: &GroupVersionKind) -> Vec<Parameter> {
    let Some(of) = type_of(kind) else {
        return Vec::new();
    };
    let mut fields = flattened(of);
    fields.sort_by_key(|(_, field)| field.name);
    fields
        .into_iter()
        .filter(|(_, field)| !matches!(field.name, "kind" | "apiVersion"))
        .map(|(_, field)| {
            let kind = match field.shape() {
                ShapeRef::Bool => "boolean",
                ShapeRef::Int32 | ShapeRef::Int64 => "integer",
                _ => "string",
            };
            staying(field.name, kind)
        })
        .collect()
}
