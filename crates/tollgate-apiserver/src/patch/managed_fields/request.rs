//! What managed fields must know of a request.

use super::Resets;
use crate::patch::typed::Schema;
use std::fmt;
use tollgate_api::{GroupVersionKind, Timestamp, Value};

/// A write, as far as managed fields go.
#[derive(Debug)]
pub struct Request<'r> {
    /// The kind at the version of the request.
    pub kind: &'r GroupVersionKind,
    /// The type of its objects.
    pub schema: Schema<'r>,
    /// The manager's name: `fieldManager`, or what [`super::manager_of`] makes of the client's User-Agent.
    pub manager: &'r str,
    /// Such as `status`; empty for the resource itself.
    pub subresource: &'r str,
    /// What the request cannot write and so does not manage.
    pub resets: Resets,
    /// The time.
    pub now: Timestamp,
    /// The other versions of the kind, at which earlier requests may have come.
    pub versions: &'r dyn Versions,
}

/// The versions of a kind.
pub trait Versions: fmt::Debug + Send + Sync {
    /// The object at another version, with the type it has there; none if that version is not known (any more).
    fn convert(&self, object: &Value, api_version: &str) -> Option<(Value, Schema<'_>)>;
}

/// A kind with a single version. What was managed at others is forgotten.
#[derive(Debug, Clone, Copy)]
pub struct NoOtherVersions;

impl Versions for NoOtherVersions {
    fn convert(&self, _: &Value, _: &str) -> Option<(Value, Schema<'_>)> {
        None
    }
}
