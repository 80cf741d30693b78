//! What makes a cluster of an API server: controllers, a scheduler and simulated nodes.
//!
//! Nothing here knows the server: everything goes through the [`tollgate_api::client`] port, under the identities that
//! upstream's components have. A controller ([`controller::Controller`]) says what it watches and brings one thing at a
//! time to where it should be; [`driver`] keeps the cache and the work queues, and runs all of them in a server or step
//! by step in a simulation.

pub mod attributes_class_protection;
pub mod bootstrap_token_cleaning;
pub mod certificates;
pub mod claim;
pub mod clock;
pub mod cluster_role_aggregation;
pub mod conditions;
pub mod context;
pub mod controller;
pub mod cron_job;
pub mod daemon_set;
pub mod deployment;
pub mod disruption;
pub mod driver;
pub mod endpoint_slice;
pub mod endpoints;
pub mod ephemeral_volume;
pub mod events;
pub mod garbage_collector;
pub(crate) mod gathering;
pub(crate) mod gone;
pub(crate) mod history;
pub mod horizontal_pod_autoscaler;
pub(crate) mod int_or_percent;
pub mod job;
pub(crate) mod moment;
pub mod namespace;
pub(crate) mod namespaces;
pub mod node;
pub mod node_lifecycle;
pub mod node_ttl;
pub mod owners;
pub mod persistent_volume;
pub mod pod_control;
pub(crate) mod pod_end;
pub mod pod_gc;
pub mod refused;
pub mod registry;
pub mod replica_set;
pub mod resource_claim;
pub mod resource_quota;
pub mod resources;
pub mod root_ca;
pub mod scheduler;
pub mod service_account;
pub(crate) mod service_pods;
pub mod stateful_set;
pub mod taint_eviction;
pub mod token_secret;
pub mod ttl_after_finished;
pub mod validating_admission_policy_status;
pub mod volume_expansion;
pub mod volume_protection;
