//! Patches: JSON patch, JSON merge patch and strategic merge patch, as an API server applies them.
//!
//! Pure functions over object trees: the current object goes in and becomes the patched one. What a patch makes of an
//! object still has to be decoded, defaulted and validated by the caller.
//!
//! - [`json`] is RFC 6902 with the habits of the library that Kubernetes uses.
//! - [`merge`] is RFC 7386, which also drops nulls inside of lists.
//! - [`strategic`] merges lists by keys, which it finds in the table of API types.
//! - [`duplicate_fields`] is what strict field validation says of the text of a patch.

#[cfg(test)]
mod arbitrary;
mod duplicates;
mod error;
mod go_value;
pub mod json;
pub mod merge;
pub mod strategic;

pub use duplicates::duplicate_fields;
pub use error::PatchError;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod upstream;
