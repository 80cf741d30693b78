//! The scheduler: finds a node for every pod that has none.
//!
//! A pure core decides: [`cluster`] is what is known, [`decide`] finds a node by [`filter`] and [`score`] or makes room by
//! [`preempt`], [`queue`] says whose turn it is. It is fed with objects, and does nothing by itself. Around it,
//! [`Scheduler`] takes in changes from the API and does what was decided.

pub mod affinity_terms;
pub mod cluster;
mod controller;
pub mod decide;
pub mod disk;
pub mod filter;
mod label_index;
pub mod message;
pub mod node;
mod perform;
pub mod pod;
pub mod preempt;
pub mod queue;
pub mod reason;
pub mod resources;
pub mod score;
pub mod selector;
pub mod spread_defaults;
mod state;
mod static_verdicts;
pub mod taint;
pub mod tally;
pub mod term_index;
#[cfg(test)]
mod tests;
pub mod topology;
pub mod volumes;

pub use controller::Scheduler;
