//! Structural schemas of custom resources: read once, then objects are defaulted, pruned and validated by them.
//!
//! Follows `k8s.io/apiextensions-apiserver` 1.36 and the validator for OpenAPI schemas that it uses.

mod defaults;
mod embedded;
mod formats;
mod list_types;
mod numbers;
mod pattern;
mod prune;
mod schema;
#[cfg(test)]
mod tests;
mod type_check;
mod validate;

pub use defaults::set_defaults;
pub use embedded::validate_embedded;
pub use formats::has_format;
pub use list_types::validate_list_types;
pub use pattern::{Pattern, PatternError};
pub use prune::{prune, prune_part};
pub use schema::{Additional, ListSort, Schema};
pub use validate::validate;

use tollgate_api::field::{Error, ErrorKind};

/// Whether an error keeps rules from being asked: what they would look at may not be there, or be something else.
pub fn blocks_rules(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::NotSupported
            | ErrorKind::Required
            | ErrorKind::TooLong
            | ErrorKind::TooMany
            | ErrorKind::TypeInvalid
    )
}
