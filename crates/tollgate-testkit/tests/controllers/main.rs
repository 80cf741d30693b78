//! Controllers in a simulated cluster: one file for each.

mod cluster_role_aggregation;
mod daemon_set;
mod garbage_collector;
mod namespace;
mod nodes;
mod pods;
mod resource_quota;
mod service_account;
