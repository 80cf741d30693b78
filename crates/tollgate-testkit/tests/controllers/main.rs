//! Controllers in a simulated cluster: one file for each.

mod cluster_role_aggregation;
mod daemon_set;
mod deployment;
mod garbage_collector;
mod job;
mod namespace;
mod node_agent;
mod node_lifecycle;
mod nodes;
mod pods;
mod replica_set;
mod resource_quota;
mod scheduler;
mod service_account;
