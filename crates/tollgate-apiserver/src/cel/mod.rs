//! CEL, the language of conditions in admission policies, webhooks and schemas: compiled once, charged for while it is evaluated.
//!
//! The language is that of the `cel` crate. What Kubernetes adds is here: what is wrong with an expression in upstream's
//! words, a check of types and names before anything runs, functions, and a meter of what evaluations cost.

mod bindings;
mod check;
mod expression;
pub(crate) mod library;
mod making;
pub(crate) mod meter;
mod names;
pub(crate) mod parse;
pub(crate) mod place;
mod plain;

pub use bindings::Bindings;
pub use check::Scope;
pub use expression::{Expression, OUT_OF_BUDGET, Wanted};
pub(crate) use names::escaped;
