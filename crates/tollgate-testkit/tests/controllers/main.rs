//! Controllers in a simulated cluster: one file for each.

mod nodes;
mod service_account;
