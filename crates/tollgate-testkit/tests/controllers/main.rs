//! Controllers in a simulated cluster: one file for each.

mod scheduler;
mod daemon_set;
mod nodes;
mod pods;
mod deployment;
mod replica_set;
mod service_account;
