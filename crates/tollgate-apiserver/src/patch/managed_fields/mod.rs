//! Who manages which fields: `metadata.managedFields`, and server-side apply.
//!
//! [`updated`] follows creations, updates and patches; [`apply`] carries out server-side apply. Both are told by a
//! [`Request`] what they must know. [`same_but_for_times`] finds writes that change nothing but timestamps,
//! [`manager_of`] is the name of a client that gives none, [`Resets`] are the fields that a request cannot write.

mod apply;
mod cap;
mod conflict;
mod entries;
mod last_applied;
mod name;
mod request;
mod resets;
mod scale;
mod times;
mod update;

pub use apply::{apply, name_of};
pub use conflict::{ApplyError, Conflict};
pub use name::manager_of;
pub use request::{NoOtherVersions, Request, Versions};
pub use resets::Resets;
pub use scale::{scale_from_parent, scale_to_parent};
pub use times::same_but_for_times;
pub use update::updated;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unit;
