//! Development only: what runs the conformance vectors. No shipped crate depends on this one.

pub mod encoding;
pub mod vectors;
