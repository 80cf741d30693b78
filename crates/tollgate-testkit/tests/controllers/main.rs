//! Controllers in a simulated cluster: one file for each.

mod cluster_role_aggregation;
mod scheduler;
mod daemon_set;
mod job;
mod pods;
mod deployment;
mod garbage_collector;
mod namespace;
mod node_lifecycle;
mod node_agent;
mod nodes;
mod pods;
mod replica_set;
mod resource_quota;
mod service_account;
