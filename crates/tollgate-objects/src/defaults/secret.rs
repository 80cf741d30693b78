//! Secret.

use super::set::if_empty;
use tollgate_api::Value;

/// Sets the defaults of a Secret.
pub fn set_defaults(secret: &mut Value) {
    if_empty(secret, "type", "Opaque");
}
