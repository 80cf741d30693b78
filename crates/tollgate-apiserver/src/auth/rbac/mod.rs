//! RBAC on a server: the objects of a first start, an index that follows the store, and who may grant what.

pub mod bootstrap;
pub mod escalation;
mod index;

pub use index::RbacIndex;
