//! What a verb found or did, before anybody has chosen a form for it.

use super::record::Encoded;
use super::watch::Watching;
use crate::resources::Resource;
use crate::storage::{Key, Record};
use std::sync::Arc;
use tollgate_api::{GroupVersionKind, Value};

/// A page of a collection.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The resource in the version that the client speaks.
    pub resource: Arc<Resource>,
    /// The objects, in the order of their keys.
    pub items: Vec<(Key, Arc<Record>)>,
    /// The state that was listed.
    pub revision: u64,
    /// Where the next page begins, or empty.
    pub continue_token: String,
    /// How many objects follow, if that is known.
    pub remaining: Option<i64>,
}

/// The answer to a request that succeeds.
#[derive(Debug)]
pub enum Answer {
    /// An object of the resource.
    Object {
        /// 200 or 201.
        code: u16,
        /// The resource in the version that the client speaks.
        resource: Arc<Resource>,
        /// The object.
        object: Encoded,
    },
    /// An object of another kind: a `Scale`, a review, a `Status`.
    Other {
        /// 200, 201 or 202.
        code: u16,
        /// Its kind.
        kind: GroupVersionKind,
        /// The object.
        object: Value,
    },
    /// A page of a collection.
    List(Listing),
    /// Changes as they happen.
    Watch(Box<Watching>),
}

impl Answer {
    /// An object that is there, or was written.
    pub fn object(code: u16, resource: &Arc<Resource>, object: Encoded) -> Self {
        Self::Object {
            code,
            resource: Arc::clone(resource),
            object,
        }
    }

    /// A `Status`.
    pub fn status(code: u16, object: Value) -> Self {
        Self::Other {
            code,
            kind: GroupVersionKind::new("v1", "Status"),
            object,
        }
    }
}
