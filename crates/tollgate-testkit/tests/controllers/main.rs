//! Controllers in a simulated cluster: one file for each.

mod nodes;
mod daemon_set;
mod pods;
mod service_account;
