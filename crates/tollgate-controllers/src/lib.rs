//! What makes a cluster of an API server: controllers, a scheduler and simulated nodes.
//!
//! Nothing here knows the server: everything goes through the [`tollgate_api::client`] port, under the identities that
//! upstream's components have.
