//! CustomResourceDefinitions: kinds that are made at run time.
//!
//! [`Definition`] is a definition that has been read, [`catalog_with`] serves its versions, [`CustomVersion`] is what is
//! kept with each served version: schemas, columns, paths. `names` says which names a definition gets, [`keeper`] keeps
//! status, catalog and clean-up in step with the store, [`ConversionHook`] asks a webhook to convert objects, [`objects`] decodes and validates objects of custom kinds.

mod catalog;
mod conversion;
mod definition;
pub mod keeper;
mod names;
pub mod objects;
pub mod rules;
mod scale;
mod version;

pub use catalog::catalog_with;
pub use conversion::ConversionHook;
pub use definition::{CLEANUP, Definition, is_definition};
pub use scale::ScalePaths;
pub use version::{CustomVersion, custom_of};
