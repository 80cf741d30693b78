//! What a person or a machine is shown: findings, their places in the sources, the summary, and the formats.

pub mod document;
pub mod finding;
pub mod render;
pub mod report;
pub mod summary;

pub use document::{Document, Place};
pub use finding::{Finding, Label, Level, ObjectRef, Rule};
pub use report::{Destination, Report};
pub use summary::{NamespaceQuotas, QuotaBar, Summary};
