//! Paths of JSON patches: `jsonpatch.escapeKey('example.com/a')`.

use super::adapt::{function, said, text};
use ::cel::Env;
use ::cel::common::types::STRING_TYPE;

/// Adds the function, which only expressions have that make patches.
pub(crate) fn add(environment: &mut Env) {
    function!(environment, "jsonpatch.escapeKey", [STRING_TYPE], |given| {
        said(text(given, 0)?.replace('~', "~0").replace('/', "~1"))
    });
}
