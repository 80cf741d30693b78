//! Events: what people are told of what happened to an object.
//!
//! They go the way that upstream's recorder has them go (client-go `tools/record`): similar ones are put together, equal
//! ones are counted, and who tells too much about one object is not heard for a while.

mod correlate;
mod recorder;
mod reference;

pub use recorder::{Notice, Recorder};
pub use reference::Reference;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventType {
    /// Nothing to worry about.
    Normal,
    /// Something to look at.
    Warning,
}

impl EventType {
    /// Upstream's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}
