//! Controllers in a simulated cluster: one file for each.

mod daemon_set;
mod job;
mod pods;
mod deployment;
mod replica_set;
mod service_account;
