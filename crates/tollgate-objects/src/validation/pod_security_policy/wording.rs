//! The words of 1.24 for what later releases say in others.

use tollgate_api::field::{Error, ErrorKind, Errors};

/// Puts errors about metadata, which are validated for the newest release, back into the words of 1.24.
pub(super) fn put_back(errors: &mut Errors) {
    for error in errors {
        if error.kind == ErrorKind::TooLong {
            put_back_length(error);
        } else if let Some(start) = error.detail.strip_suffix(" bytes")
            && start.contains("must be no more than ")
        {
            error.detail = format!("{start} characters");
        }
    }
}

/// `may not be more than 63 bytes` was `must have at most 63 bytes`.
pub(super) fn put_back_length(error: &mut Error) {
    if let Some(rest) = error.detail.strip_prefix("may not be more than ") {
        error.detail = format!("must have at most {rest}");
    }
}
