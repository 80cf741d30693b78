//! Controllers in a simulated cluster: one file for each.

mod daemon_set;
mod deployment;
mod nodes;
mod pods;
mod replica_set;
mod service_account;
