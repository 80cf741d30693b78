//! ControllerRevisions: what the template of a DaemonSet or a StatefulSet was, so that an update can be told from what was
//! there before, and taken back.
//!
//! Upstream: `pkg/controller/history`

mod choice;
mod hash;
mod keep;

pub(crate) use choice::Revision;
pub(crate) use keep::{Historian, Kept, current, drop_one, list, truncate};
