//! What can be done with objects: a file a verb, each reading from top to bottom as the life of a request.
//!
//! Nothing here knows HTTP: options come in typed, answers go out as values that `http` writes in the form the client
//! asked for.

mod answer;
mod apply;
mod call;
mod commit;
mod continue_token;
pub mod convert;
mod create;
mod decode;
mod delete;
mod delete_collection;
mod expire;
mod field_selector;
#[doc(hidden)]
pub mod fuzzing;
mod get;
mod grace;
mod grants;
mod label_selector;
pub mod legacy_token;
mod list;
mod managers;
mod measured;
mod metadata;
pub mod options;
mod owners;
mod patch;
mod patched;
mod prepare;
pub mod record;
mod reviews;
mod rules;
mod services;
pub mod subresources;
mod update;
mod validate;
mod watch;
mod yaml;

pub use answer::{Answer, Listing};
pub use apply::apply;
pub use call::{Api, Call, Warnings};
pub use create::create;
pub use decode::{BodyFormat, decode, settle};
pub use delete::{Removed, delete, remove};
pub use delete_collection::delete_collection;
pub use expire::expire;
pub use field_selector::FieldSelector;
pub use get::get;
pub use label_selector::LabelSelector;
pub use list::list;
pub use patch::{PatchType, patch};
pub use reviews::{review, review_access};
pub use update::{Update, replace, update};
pub use watch::{Change, Watching, watch};
pub use yaml::{ReadYaml, Yaml};

#[cfg(test)]
mod constant_cost;
