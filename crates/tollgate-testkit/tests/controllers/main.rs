//! Controllers in a simulated cluster: one file for each.

mod cluster_role_aggregation;
mod garbage_collector;
mod namespace;
mod resource_quota;
mod daemon_set;
mod pods;
mod service_account;
