//! Objects as JSON text, byte for byte as upstream writes them.
//!
//! The schema table alone drives it: the order of fields, what is left out, what is written though it is empty. Amounts,
//! times and bytes come out in their canonical form whatever the tree holds, and a value of the wrong type counts as
//! absent. Objects whose fields stand in the declared order, as everything does that was read from here, are written
//! in one pass without an intermediate tree.

mod list;
mod plain;
mod record;
mod text;
mod typed;

#[cfg(test)]
mod tests;

pub use list::{ListMeta, list_head, list_meta, list_tail, without_type};
pub use record::record;

pub(crate) use plain::by_key;
pub(crate) use typed::{fits, is_in_order, quantity};

use crate::schema::{StructType, type_of};
use tollgate_api::{GroupVersionKind, Value};
use typed::Empty;

/// Appends the JSON text of an object of `kind`.
///
/// Of a built-in kind fields stand in upstream's declared order and what Go never leaves out is written (`"status":{}`);
/// of any other kind all keys are sorted, as upstream prints what it knows no type of.
///
/// ```
/// use tollgate_api::{GroupVersionKind, json};
/// use tollgate_objects::encode;
/// let quota = json::from_str(r#"{"spec":{"hard":{"pods":"1000m"}},"kind":"ResourceQuota","apiVersion":"v1"}"#).unwrap();
/// let mut out = Vec::new();
/// encode::json(&GroupVersionKind::new("v1", "ResourceQuota"), &quota, &mut out);
/// assert_eq!(
///     String::from_utf8(out).unwrap(),
///     r#"{"kind":"ResourceQuota","apiVersion":"v1","metadata":{},"spec":{"hard":{"pods":"1"}},"status":{}}"#
/// );
/// ```
pub fn json(kind: &GroupVersionKind, object: &Value, out: &mut Vec<u8>) {
    match type_of(kind) {
        Some(of) => json_of(of, object, out),
        None => plain::sorted(out, object),
    }
}

/// Appends the JSON text of a value of a built-in type, which need not be a whole object.
pub fn json_of(of: StructType, value: &Value, out: &mut Vec<u8>) {
    typed::in_style(out, Empty::Kept, |out, style| {
        typed::structure(out, Some(value), of, style);
    });
}

/// Appends the JSON text of a value that no type describes, with its keys in their order.
pub fn untyped(value: &Value, out: &mut Vec<u8>) {
    plain::ordered(out, value);
}

/// Appends the JSON text of a value that no type describes, with its keys sorted.
pub fn sorted(value: &Value, out: &mut Vec<u8>) {
    plain::sorted(out, value);
}

/// Appends a string with its quotes and escapes.
pub fn string(text: &str, out: &mut Vec<u8>) {
    text::string(out, text);
}
