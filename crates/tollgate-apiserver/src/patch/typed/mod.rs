//! Objects and their types, as server-side apply sees them.
//!
//! - [`types`] says of every place whether it is a leaf, a list or a map, and how that merges;
//! - [`node`] is a place of an object. An object of a built-in kind is seen as the Go struct that upstream holds: fields
//!   that are always written are there, empty ones that are not are absent;
//! - [`validate`] checks an object, [`members`] says which fields it has, [`compare`] how two differ, [`merge`] puts one
//!   into the other, [`remove`] takes fields out, [`reconcile`] follows changes of a schema.

pub(super) mod atomics;
pub(super) mod compare;
mod custom;
pub(super) mod members;
pub(super) mod merge;
pub(super) mod node;
pub(super) mod reconcile;
pub(super) mod remove;
pub(super) mod types;
pub(super) mod validate;

pub use custom::CustomSchema;
pub use types::Schema;
