//! What is served, told to clients: discovery documents.

pub mod aggregated;
