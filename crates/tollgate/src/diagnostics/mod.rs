//! What a person or a machine is shown: findings, their places in the sources, the summary, and the formats.

pub mod finding;
pub mod render;
pub mod summary;

pub use finding::{Finding, Label, Level, ObjectRef, Place, Rule};
pub use summary::{NamespaceQuotas, QuotaBar, Summary};
