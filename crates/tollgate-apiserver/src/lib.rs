//! The Kubernetes API over HTTP, with the namespace policies at its door.
//!
//! Layers are folders, and a layer calls only those below it: `http`, `verbs`, then `auth`, `admission`, `crd`, `cel`,
//! `resources`, `patch`, `table`, `discovery`, `quota`, `flow_control`, `audit`, `metrics` and `outside`, then `storage`. Only `http` knows HTTP; below it everything is a value.

// Tests in here share the server of those in `tests/`.
#[cfg(test)]
extern crate self as tollgate_apiserver;

pub mod admission;
pub mod audit;
pub mod auth;
pub mod cel;
pub mod crd;
pub mod discovery;
pub mod environment;
pub mod error;
pub mod event_expiry;
pub mod flow_control;
pub mod fresh;
pub mod health;
pub mod http;
pub mod local;
pub mod metrics;
mod outside;
pub mod patch;
pub mod quota;
pub mod resources;
pub mod server;
pub mod storage;
pub mod table;
pub mod verbs;
