//! Cutting a source into documents, as kubectl does: by text, before anything is parsed.

mod documents;
mod json_stream;
#[cfg(test)]
mod tests;

pub use documents::{Documents, Source, split};
