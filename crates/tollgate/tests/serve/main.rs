//! `tollgate serve` from outside: a process is started, spoken to over TLS, and stopped or killed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod access;
mod audit;
mod certificates;
mod crash;
mod fields;
mod flows;
mod limits;
mod lists;
mod metrics;
mod process;
mod race;
mod recorded;
mod running;
mod scale;
mod signed;
mod snapshot;
mod token_secret;
mod upstream;
mod usage;
