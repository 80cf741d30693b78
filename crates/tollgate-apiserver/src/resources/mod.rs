//! What is served: groups, versions and resources, with their names, verbs and subresources.

mod autoscalers;
mod built_in;
mod catalog;
mod conversion;
pub mod measured;
mod resource;

pub(crate) use built_in::unpack;
pub use built_in::{DamagedData, built_in};
pub use catalog::{Catalog, CatalogCell, Group, Version};
pub use conversion::Conversion;
pub use measured::Measured;
pub use resource::{CustomOrigin, Origin, Resource, Subresource, Verb, Verbs};
