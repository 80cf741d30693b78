//! The command line of Tollgate, as a library that the binary and the tests share.

pub mod args;
pub mod commands;
pub mod diagnostics;
pub mod env;
pub mod judge;
pub mod manifest;
