//! Judging manifests offline: the admission chain of a server, on objects from files.

pub mod chunks;
pub mod in_order;
pub mod inputs;
pub mod kind_hint;
pub mod mutate;
pub mod plugins;
