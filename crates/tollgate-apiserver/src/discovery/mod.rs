//! What clients learn of the server: which groups, versions and resources there are.

pub mod aggregated;
pub mod legacy;
