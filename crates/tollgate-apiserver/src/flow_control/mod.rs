//! Priority and fairness as far as clients see it: which FlowSchema a request belongs to, and to which priority level.
//!
//! The objects are made and kept by [`crate::fresh`]. Nothing is held back here: answers bear the unique ids of what
//! was found, as upstream's do, and levels are told with the seats that they would have.

mod index;
mod rules;
mod seats;

pub use index::{Flow, FlowIndex};

/// The group of both kinds.
pub(crate) const GROUP: &str = "flowcontrol.apiserver.k8s.io";
/// The priority levels.
pub(crate) const LEVELS: &str = "prioritylevelconfigurations";
/// The flow schemas.
pub(crate) const SCHEMAS: &str = "flowschemas";
/// The schema, and the level, that take what no other takes.
const CATCH_ALL: &str = "catch-all";
