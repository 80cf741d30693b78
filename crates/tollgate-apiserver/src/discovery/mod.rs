//! What clients learn of the server: which groups, versions and resources there are, and what their objects look like.

pub mod aggregated;
mod document;
mod documents;
pub mod legacy;
pub mod openapi;

pub use document::Document;
pub use documents::{Documents, Protocol};
