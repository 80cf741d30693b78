//! Controllers in a simulated cluster: one file for each.

mod cluster_role_aggregation;
mod daemon_set;
mod endpoints;
mod garbage_collector;
mod horizontal_pod_autoscaler;
mod namespace;
mod nodes;
mod pods;
mod resource_quota;
mod service_account;
mod storage;
