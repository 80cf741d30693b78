//! Why a patch cannot be applied, and the answer a client gets for it.

use thiserror::Error;
use tollgate_api::{Reason, Status};

/// A patch that cannot be applied; the text is upstream's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatchError {
    /// 400: what was sent is no patch of its type.
    #[error("{0}")]
    Malformed(String),
    /// 413: a JSON patch with more operations than [`super::json::OPERATIONS_MAX`].
    #[error("The allowed maximum operations in a JSON patch is {max}, got {0}", max = super::json::OPERATIONS_MAX)]
    TooManyOperations(usize),
    /// 422: the patch does not fit the object. A client is not told why; the text is for a log.
    #[error("{0}")]
    Inapplicable(String),
    /// 500: a strategic merge patch that breaks the rules of its directives or keys.
    #[error("{0}")]
    Unmergeable(String),
}

impl PatchError {
    /// The answer of the server.
    pub fn status(&self) -> Status {
        match self {
            Self::Malformed(text) => Status::bad_request(text.clone()),
            Self::TooManyOperations(_) => Status {
                code: 413,
                reason: Reason::RequestEntityTooLarge,
                message: format!("Request entity too large: {self}"),
                details: None,
            },
            Self::Inapplicable(_) => Status {
                code: 422,
                reason: Reason::Invalid,
                message: "the server rejected our request due to an error in our request".into(),
                details: Some(Box::default()),
            },
            Self::Unmergeable(text) => Status::plain(text.clone()),
        }
    }
}
