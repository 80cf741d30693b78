//! Quotas over the whole input: what is used after each object, what is refused, and what a rollout needs at its peak.
//!
//! Everything here happens in the order of the input, on one thread.

mod admit;
mod bars;
mod existing;
mod foresee;
mod namespace;
mod refused;
mod state;

pub use state::Ledger;
