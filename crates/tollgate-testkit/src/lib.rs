//! Development only: what runs the conformance vectors, and what property tests and fuzz targets share. No shipped
//! crate depends on this one.

pub mod client;
#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a simulation is part of a test: what cannot go on must end it"
)]
pub mod cluster;
pub mod encoding;
pub mod generate;
pub mod oracles;
pub mod replay;
#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a simulation is part of a test: what cannot go on must end it"
)]
pub mod simulation;
pub mod vectors;
