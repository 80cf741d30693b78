//! Manifests: files to documents to trees, exactly as kubectl reads them, and from a field back to its place in the text.
//!
//! [`split`] cuts each source into [`Document`]s, lazily, so
//! that they can be given to threads; [`Document::read`] makes the tree; [`expand_list`] takes a `List` apart; and
//! [`Document::places`] finds fields' places, when there is something to show.

mod document;
mod duplicate_keys;
mod error;
mod lines;
mod list;
pub mod spans;
mod split;
#[cfg(test)]
mod tests;
mod yaml;

pub use document::{Document, Form};
pub use duplicate_keys::duplicate_keys;
pub use error::Error;
pub use lines::{LineIndex, Position};
pub use list::{ListItem, expand_list};
pub use split::{Documents, Source, split};
