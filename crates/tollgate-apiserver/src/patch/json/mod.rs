//! JSON patch: RFC 6902 with the habits of the library that Kubernetes uses.
//!
//! What differs from the RFC: `replace` of a key that an object does not have adds it; `test` of what is not there
//! holds if the value is null or left out; `copy` of a key that is not there makes a null; indices may be negative,
//! counted from the end; whatever stands before the first `/` of a path is ignored; a value that is left out is null.

mod operation;
mod path;

use super::duplicates::last_of_each;
use super::error::PatchError;
use operation::{Operation, perform};
use std::borrow::Cow;
use tollgate_api::Value;
use tollgate_api::go_format::json_kind;

/// The most operations in a patch.
pub const OPERATIONS_MAX: usize = 10_000;

/// Carries out the operations of `patch` on `document`, all of them or, on error, none.
pub fn apply(document: &mut Value, patch: &Value) -> Result<(), PatchError> {
    let Value::Array(steps) = patch else {
        return match patch {
            Value::Null => Ok(()),
            other => Err(PatchError::Malformed(not_decodable(
                other,
                "[]handlers.jsonPatchOp",
            ))),
        };
    };
    if steps.len() > OPERATIONS_MAX {
        return Err(PatchError::TooManyOperations(steps.len()));
    }
    let mut copied = 0;
    let mut work = None;
    for step in steps {
        let step = match step {
            Value::Object(object) if object.has_duplicates() => last_of_each(step),
            _ => Cow::Borrowed(step),
        };
        let operation = Operation::read(&step)?;
        if steps.len() == 1 && operation.is_atomic() {
            perform(document, &operation, &mut copied)?;
            operation.sort_on_the_way(document);
            return Ok(());
        }
        let work = work.get_or_insert_with(|| document.clone());
        perform(work, &operation, &mut copied)?;
        operation.sort_on_the_way(work);
    }
    if let Some(work) = work {
        *document = work;
    }
    Ok(())
}

fn not_decodable(value: &Value, into: &str) -> String {
    format!(
        "error decoding patch: json: cannot unmarshal {} into Go value of type {into}",
        json_kind(value)
    )
}

/// What strict field validation says of the operations: `json patch unknown field "[0].extra"`.
///
/// Beside these, [`super::duplicate_fields`] of the patch are said, each after `json patch `.
pub fn unknown_fields(patch: &Value) -> Vec<String> {
    let steps = patch.as_array().unwrap_or_default();
    let mut found = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        for key in step
            .as_object()
            .into_iter()
            .flat_map(tollgate_api::Object::keys)
        {
            if !matches!(key, "op" | "path" | "from" | "value") {
                let text = format!("json patch unknown field \"[{index}].{key}\"");
                if !found.contains(&text) {
                    found.push(text);
                }
            }
        }
    }
    found
}
