//! Objects as rows of a Table, in the columns and words that upstream prints.
//!
//! [`columns`] and [`row`] know every built-in resource; [`CustomColumns`] is made of what a CustomResourceDefinition says.
//! Cells are pure functions of an object and the time: one file for each family of kinds. [`mod@write`] renders a Table into
//! bytes without building it first, [`metadata`] the objects that stand in its rows.

mod age;
mod column;
mod custom;
mod json_path;
mod kinds;
pub mod measured;
pub mod metadata;
pub mod selector;
mod text;
pub mod write;

#[cfg(test)]
mod tests;

pub use column::{Column, columns};
pub use custom::CustomColumns;
pub use write::IncludeObject;

use tollgate_api::{Timestamp, Value};

/// One row: a cell for each column.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The cells: text, numbers, booleans, null.
    pub cells: Vec<Value>,
    /// What clients may want to know before they show the row.
    pub conditions: &'static [RowCondition],
}

/// What a row says beside its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCondition {
    /// `Completed`, the only one there is; its status is always `True`.
    pub kind: &'static str,
    /// In one word why.
    pub reason: &'static str,
    /// In a sentence why.
    pub message: &'static str,
}

/// The row of a built-in object. `resource` may name a subresource: `deployments/scale`.
pub fn row(group: &str, _version: &str, resource: &str, object: &Value, now: Timestamp) -> Row {
    let cells = match kinds::cells_of(group, resource) {
        Some(cells) => cells(object, now),
        None => vec![text::name(object), text::created_at(object)],
    };
    let conditions = match (group, resource) {
        ("", "pods") => kinds::pod_conditions(object),
        _ => &[],
    };
    Row { cells, conditions }
}
