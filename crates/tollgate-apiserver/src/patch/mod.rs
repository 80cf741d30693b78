//! Patches: JSON patch, JSON merge patch, strategic merge patch and server-side apply, as an API server carries them out.
//!
//! Pure functions over object trees: the current object goes in and becomes the patched one. What a patch makes of an
//! object still has to be decoded, defaulted and validated by the caller.
//!
//! - [`json`] is RFC 6902 with the habits of the library that Kubernetes uses.
//! - [`merge`] is RFC 7386, which also drops nulls inside of lists.
//! - [`strategic`] merges lists by keys, which it finds in the table of API types.
//! - [`managed_fields`] follows who manages which fields, and is server-side apply. [`field_set`] holds such fields,
//!   [`Schema`] says of a kind how its objects merge.
//! - [`configured`] merges what a policy says of an object into it.
//! - [`duplicate_fields`] is what strict field validation says of the text of a patch.

#[cfg(test)]
mod arbitrary;
mod configuration;
mod duplicates;
mod error;
pub mod field_set;
mod go_value;
pub mod json;
pub mod managed_fields;
pub mod merge;
pub mod strategic;
mod typed;

pub use configuration::configured;
pub use duplicates::duplicate_fields;
pub use error::PatchError;
pub use typed::{CustomSchema, Schema};

#[cfg(test)]
mod exchanges;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod upstream;
