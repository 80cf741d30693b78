//! The table of all API types and resources, and strict decoding against it.
//!
//! The table is data (`generated.rs`, made by `cargo xtask codegen` from what a 1.36 server and its types say, plus
//! the kinds that only 1.24 had). Nothing is parsed at start. It holds what a server needs, too: the order of fields,
//! protobuf tags, `omitempty`, the keys of strategic merge patches, and how lists and maps merge under server-side
//! apply.
//!
//! - [`decode`] checks a tree against its type as the server's strict field validation does, and makes it what a typed
//!   decoder would have seen: without nulls, unknown fields and duplicates. Whoever reads the tree afterwards may rely
//!   on every known field having its declared type.
//! - [`restore_problem`] is the other check, for trees that come from no text.
//! - [`resource_of`] finds the resource of a kind; [`custom_resources`] reads those of a CustomResourceDefinition.
//! - [`type_of`] and [`StructType`] walk the table by hand.

mod base64;
mod canonical;
mod custom;
mod decode;
mod descriptions;
pub mod discovery;
#[rustfmt::skip]
mod generated;
mod go_type;
mod lookup;
mod place;
mod problem;
mod resource;
mod restore;
mod table;
mod time;

pub use custom::{CustomResource, custom_resources};
pub use decode::{decode, decode_canonical};
pub use descriptions::Descriptions;
pub use lookup::{ShapeId, ShapeRef, StructType, type_of};
pub use problem::{Problem, ProblemKind, refusal};
pub use resource::{guess_plural, resource_of, resources};
pub use restore::restore_problem;
pub use table::{Alternative, Field, ListType, Resource};

#[cfg(test)]
mod tests;
