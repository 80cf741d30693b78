//! Development only: what runs the conformance vectors, and what property tests and fuzz targets share. No shipped
//! crate depends on this one.

pub mod client;
pub mod cluster;
pub mod encoding;
pub mod generate;
pub mod oracles;
pub mod replay;
pub mod vectors;
