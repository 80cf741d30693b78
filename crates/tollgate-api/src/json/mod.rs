//! JSON text to a tree and back, as Go's `encoding/json` and Kubernetes' fork of it read and write it.
//!
//! What Go does and other readers do not: a key that stands twice is kept twice (see [`crate::Object`]), half of a
//! surrogate pair and bytes that are not UTF-8 become U+FFFD, and a number without fraction or exponent that fits
//! 64 bits is an integer while any other is a float.

mod error;
mod fields;
mod number;
mod read;
mod skip;
mod string;
#[cfg(test)]
mod tests;
mod write;

pub use error::ParseError;
pub use fields::Fields;
pub use read::{fields_from_slice, from_slice, from_str};
pub use skip::skip_value;
pub use write::to_string;

/// How many lists and objects may stand inside one another.
///
/// Upstream's reader stops at 10,000; ours at 1,000, because every walk over a tree is recursive and must not
/// exhaust the stack of a thread. No API type comes near either number.
pub const DEPTH_MAX: usize = 1_000;

/// How many values one document may hold.
///
/// A value can be two bytes of text and 56 of memory; the bound keeps a hostile document of a hundred megabytes
/// from taking gigabytes. A list of 100,000 pods stays below it.
pub const VALUES_MAX: usize = 10_000_000;
