//! Admission: what stands between a good request and the store, plugin by plugin in upstream's order.
//!
//! [`CHAIN`] is the order. A plugin is a file that gathers what it needs, asks `tollgate-policy` or decides
//! itself, and gives back a [`Status`](tollgate_api::Status) if it refuses. What is prepared of policies is kept in
//! [`Prepared`], by the revisions of what it was made from.

mod chain;
mod config;
mod equivalent;
pub mod expressions;
mod matching;
pub mod mutate;
mod plugins;
mod pod_security_counts;
mod policy;
mod prepared;
mod request;
mod review;
mod timings;
mod webhooks;

pub use chain::{CHAIN, Chain, Plugin};
pub use config::{AdmissionConfig, PluginsError};
pub use policy::type_check;
pub use prepared::Prepared;
pub use review::Review;
