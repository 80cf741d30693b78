//! Rules in schemas (`x-kubernetes-validations`): expressions in CEL.
//!
//! [`check`] judges the rules of a definition, [`Rules`] are those of a version, compiled, and judge objects.

mod check;
mod compile;
mod cost;
mod infer;
mod judge;
mod types;
mod values;

use crate::cel::library;

#[cfg(test)]
mod tests;

pub use check::check;
pub use compile::Rules;
