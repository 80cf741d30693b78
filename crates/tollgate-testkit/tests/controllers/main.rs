//! Controllers in a simulated cluster: one file for each.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod bootstrap_token;
mod certificates;
mod cluster_role_aggregation;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoints;
mod garbage_collector;
mod horizontal_pod_autoscaler;
mod job;
mod namespace;
mod node_agent;
mod node_lifecycle;
mod node_ttl;
mod pods;
mod replica_set;
mod resource_claim;
mod resource_quota;
mod scheduler;
mod service_account;
mod stateful_set;
mod storage;
mod token_secret;
mod validating_admission_policy_status;
