//! What makes a cluster of an API server: controllers, a scheduler and simulated nodes.
//!
//! Nothing here knows the server: everything goes through the [`tollgate_api::client`] port, under the identities that
//! upstream's components have. A controller ([`controller::Controller`]) says what it watches and brings one thing at a
//! time to where it should be; [`driver`] keeps the cache and the work queues, and runs all of them in a server or step
//! by step in a simulation.

pub mod clock;
pub mod context;
pub mod controller;
pub mod driver;
pub mod events;
pub(crate) mod namespaces;
pub mod node;
pub mod registry;
pub mod resources;
pub mod root_ca;
pub mod service_account;
