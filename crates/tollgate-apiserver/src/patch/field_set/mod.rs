//! Sets of fields: who manages what, as `fieldsV1` says it.

mod element;
mod fields_v1;
mod set;

pub use element::PathElement;
pub use fields_v1::FieldsError;
pub use set::{Path, Set};

#[cfg(test)]
mod tests;
