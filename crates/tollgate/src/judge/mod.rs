//! Judging manifests offline: the admission chain of a server, on objects from files.
//!
//! A run ([`pipeline`]) reads its inputs ([`inputs`], [`chunks`]) twice. The first reading looks for what says
//! something about the cluster ([`world`]): policies, labels, roles, classes. The second judges every object
//! ([`object`]) with the chain of a server ([`chain`]), on all cores ([`in_order`]); the quotas are charged in the order
//! of the input ([`ledger`]). What is found is turned into findings with lines ([`explain_places`], [`source`]).

pub mod admission_config;
mod batches;
pub mod chain;
pub mod chunks;
pub mod explain_places;
pub mod in_order;
pub mod inputs;
pub mod kind_hint;
pub mod ledger;
pub mod load;
pub mod object;
pub mod pipeline;
pub mod plugins;
pub mod settings;
pub mod source;
pub mod unjudged;
pub mod world;
