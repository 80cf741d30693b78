//! A configuration merged into an object by a policy: as server-side apply merges, but nobody comes to manage the fields.

use super::typed::Schema;
use super::typed::atomics::atomics;
use super::typed::merge::merge;
use super::typed::validate::{misfits, printed};
use tollgate_api::Value;

/// The object with all that the configuration says. The error is upstream's.
pub fn configured(
    object: &Value,
    configuration: &Value,
    schema: Schema<'_>,
) -> Result<Value, String> {
    let of = schema.sent();
    let found = misfits(configuration, of, false);
    if !found.is_empty() {
        let why = printed(&found);
        return Err(format!("error converting patch to typed object: {why}"));
    }
    let whole = atomics(configuration, of);
    if !whole.is_empty() {
        return Err(format!(
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {}",
            whole.join(", ")
        ));
    }
    Ok(merge(object, configuration, of).unwrap_or_else(Value::object))
}
