//! Controllers in a simulated cluster: one file for each.

mod scheduler;
mod service_account;
