//! Controllers in a simulated cluster: one file for each.

mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod job;
mod nodes;
mod pods;
mod replica_set;
mod service_account;
mod stateful_set;
