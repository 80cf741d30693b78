//! Controllers in a simulated cluster: one file for each.

mod service_account;
