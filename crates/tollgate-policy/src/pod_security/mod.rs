//! Pod Security Standards and their admission.

mod check;
pub mod checks;
mod evaluate;
mod level;
mod message;
mod policy;
mod remedy;
mod version;
mod view;

#[cfg(test)]
mod testing;

pub use check::{Check, Versioned};
pub use evaluate::{Evaluation, Evaluator, Forbidden};
pub use level::Level;
pub use policy::{LevelVersion, Mode, Policy};
pub use version::Version;
pub use view::{ContainerList, ContainerView, PodView, Signals};
