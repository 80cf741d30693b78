//! Controllers in a simulated cluster: one file for each.

mod deployment;
mod replica_set;
mod service_account;
